import type { Client } from 'pg';
import { LifeboatError, systemCodeOf, toLifeboatError } from '../../../core/index.ts';
import type { LogBasePlace, LogListing, LogStreamOptions, LogWriter } from '../../log.ts';
import { floorTo, lsnText } from '../lsn.ts';
import { comparePlaces, leads, onWay, tailOf, type Place, type Way } from './resume.ts';
import { answered, readSlot, type SlotState } from './source.ts';

export interface Anchoring {
  readonly ordinary: Client;
  readonly replication: Client;
  readonly slot: string;
  readonly options: LogStreamOptions;
  readonly segmentBytes: number;
  readonly way: Way;
}

export interface Start extends Place {
  /** For a store that has no log yet. */
  readonly fallback: Place;
  /** What is between the stores and this place the server no longer has. */
  readonly isGap: boolean;
}

/** What a store has, or why it does not say: it is away, and the stream goes on without it for now. */
export type Answer = { readonly listing: LogListing } | { readonly failure: LifeboatError };

/**
 * Where the stream begins: where the store that has most ends, if the server still has that; else where the slot keeps it from, and a
 * new point is due. Throws when no store answers.
 */
export async function placeToStart(ground: Anchoring): Promise<Start> {
  const { way, options } = ground;
  const slot = await openSlot(ground);
  const segment = ground.segmentBytes;
  const answers = await askStores(options, way);
  const listings = answers.flatMap((answer) => ('listing' in answer ? answer.listing : []));
  const bases = (await options.bases()).map((base) => onWay(placeOf(base), way, segment));
  const newest = bases.toSorted(comparePlaces).at(-1);
  const slotPlace = onWay({ timeline: way.forks[0]?.timeline ?? way.timeline, position: slot }, way, segment);
  const tails = listings.map((listing) => tailOf(listing, way, segment) ?? newest ?? slotPlace);
  for (const tail of tails) requireOnWay(tail, way);
  const first = tails.toSorted(comparePlaces).at(-1) as Place;
  const isKept = await serverHas(ground, first, slotPlace);
  const place = isKept ? first : slotPlace;
  const isLinked =
    newest !== undefined &&
    isKept &&
    listings.every(
      ({ pieces }, index) =>
        comparePlaces(newest, tails[index] as Place) >= 0 || leads(pieces, newest, tails[index] as Place, way, segment),
    );
  if (!isLinked) {
    const reason =
      newest === undefined
        ? 'no recovery point is there yet'
        : isKept
          ? 'the log in the stores does not lead from the newest recovery point to its end'
          : `the server no longer has its log from ${lsnText(first.position)} on: moments between there and the next recovery point are lost`;
    options.needsBase(reason);
  }
  return { ...place, position: floorTo(place.position, segment), fallback: newest ?? slotPlace, isGap: !isKept };
}

/** Throws what waiting does not mend, and the first failure when no store answers. */
export async function askStores({ targets, signal }: LogStreamOptions, way: Way): Promise<Answer[]> {
  const answers = await Promise.all(
    targets.map(async ({ log }): Promise<Answer> => {
      try {
        return { listing: await enterTimeline(log, way, signal) };
      } catch (error) {
        const failure = toLifeboatError(error);
        if (failure.retry !== 'later') throw failure;
        return { failure };
      }
    }),
  );
  const [first] = answers;
  if (first !== undefined && 'failure' in first && answers.every((answer) => 'failure' in answer)) throw first.failure;
  return answers;
}

/**
 * What a store has, once it has the history of the server's timeline: without that nobody could tell later how the log behind the fork follows what
 * is before it. A store that does not take the history takes none of that log, and is asked again.
 */
export async function enterTimeline(
  log: LogWriter,
  { timeline, history }: Way,
  signal: AbortSignal,
): Promise<LogListing> {
  if (history !== undefined) await log.appendHistory(timeline, history);
  return log.list({ signal });
}

/** Throws `asset.foreign` where a store has a timeline that the server has not come to. */
export function requireOnWay({ timeline }: Place, way: Way): void {
  if (timeline <= way.timeline) return;
  throw new LifeboatError(
    'asset.foreign',
    `the log in a store is on timeline ${timeline}, the server on ${way.timeline}`,
  );
}

/** Makes the slot if there is none, and anew if the server gave up on it. Where the server keeps its log from. */
async function openSlot({ slot: name, ordinary, replication, options }: Anchoring): Promise<bigint> {
  let slot = await readSlot(ordinary, name);
  if (slot?.active === true) {
    throw new LifeboatError(
      'operation.busy',
      `the replication slot ${name} is in use: another stream reads this server`,
      {
        hint: 'One stream an asset. If its machine died, the server lets go of it after wal_sender_timeout.',
      },
    );
  }
  if (slot !== undefined && (slot.status === 'lost' || slot.restart === undefined)) {
    options.say({ state: 'finding', ...lossOf(slot), stores: [] });
    await ordinary.query('select pg_drop_replication_slot($1)', [name]);
    slot = undefined;
  }
  if (slot?.restart !== undefined) return slot.restart;
  await replication.query(answered(`CREATE_REPLICATION_SLOT "${name}" PHYSICAL RESERVE_WAL`));
  const made = await readSlot(ordinary, name);
  if (made?.restart === undefined)
    throw new LifeboatError('asset.vanished', `the replication slot ${name} was not made`);
  return made.restart;
}

/** Why a slot keeps nothing, and which setting decides that. */
function lossOf({ name, status, lostBy }: SlotState): { reason: string; hint: string } {
  const anew = 'It is made anew; if the server has removed log meanwhile, a new recovery point is taken at once.';
  if (status === 'unused') {
    const reason = `the replication slot ${name} kept no log so far: it was made without reserving any, and nobody read it`;
    return { reason, hint: anew };
  }
  const gaveUp = `the server gave up the replication slot ${name}`;
  if (lostBy === 'idle_timeout') {
    return {
      reason: `${gaveUp}: nobody read it for longer than idle_replication_slot_timeout`,
      hint: `${anew} Raise idle_replication_slot_timeout above the longest time that the stream may be away, or set it to 0: max_slot_wal_keep_size bounds what a slot keeps.`,
    };
  }
  // The only reason for such a slot that servers before 17 know, and they do not name it.
  if (lostBy === undefined || lostBy === 'wal_removed') {
    return {
      reason: `${gaveUp}: more log was written than max_slot_wal_keep_size while nobody read it`,
      hint: `${anew} Raise max_slot_wal_keep_size.`,
    };
  }
  return { reason: `${gaveUp}, and calls the reason ${lostBy}`, hint: anew };
}

/** Whether the segment is still there, asked of the server; one that may not be asked is believed to have it. */
export async function serverHas(
  { ordinary, segmentBytes }: Pick<Anchoring, 'ordinary' | 'segmentBytes'>,
  place: Place,
  slot: Place,
): Promise<boolean> {
  if (comparePlaces(place, slot) >= 0) return true;
  const oldest = floorTo(place.position, segmentBytes);
  try {
    const { rows } = await ordinary.query<{ there: boolean }>(
      `select exists (select from pg_ls_waldir() where name = pg_walfile_name($1::pg_lsn + 1)
           or substr(name, 9) = substr(pg_walfile_name($1::pg_lsn + 1), 9) and length(name) = 24) as there`,
      [lsnText(oldest)],
    );
    return rows[0]?.there === true;
  } catch (error) {
    if (systemCodeOf(error) === '42501') return true;
    throw error;
  }
}

const placeOf = ({ timeline, end }: LogBasePlace): Place => ({ timeline, position: end });
