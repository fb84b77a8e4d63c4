import type { Client } from 'pg';
import { allInTime, inTime, LifeboatError, limits, systemClock, toLifeboatError } from '../../../core/index.ts';
import type { HeldBase, LogBasePlace, LogListing, LogStreamOptions, LogStreamState, LogWriter } from '../../log.ts';
import { floorTo, lsnText } from '../lsn.ts';
import { leadsThrough } from '../recovery/survey-log.ts';
import { shareEndings, tellEndings } from './endings.ts';
import { overlapping, placeOnWay, serverHas } from './kept-log.ts';
import { comparePlaces, isSameSegment, leads, onWay, tailOf, type Place, type Way } from './resume.ts';
import { mustHaveComeTo, passedBy, passedByWords, wayOfStores } from './other-life.ts';
import { answered, readSlot, type SlotState } from './source.ts';

export interface Anchoring {
  readonly ordinary: Client;
  readonly replication: Client;
  readonly slot: string;
  readonly options: LogStreamOptions;
  readonly segmentBytes: number;
  readonly way: Way;
  /** Where the server would not go on the last time, because it has removed its log there. */
  readonly removed: Place | undefined;
}

export interface Start extends Place {
  /** For a store that has no log yet. */
  readonly fallback: Place;
  /** What is between the stores and this place the server no longer has. */
  readonly isGap: boolean;
  /** See `LogStreamState.passedBy`. */
  readonly passedBy?: NonNullable<LogStreamState['passedBy']>;
  /** As much of the server's way as the log in the stores is of. */
  readonly way?: Way;
  /** What the stores have, in the order of the targets, where they were just asked. */
  readonly answers?: readonly Answer[];
}

/** What a store has, or why it does not say: it is away, and the stream goes on without it for now. */
export type Answer = { readonly listing: LogListing } | { readonly failure: LifeboatError };

/**
 * Where the stream begins: where the store that has most ends, if the server still has that; else where the slot keeps it from, and a
 * new point is due. Throws when no store answers.
 */
export async function placeToStart(anchoring: Anchoring): Promise<Start> {
  const { options, removed, segmentBytes: segment } = anchoring;
  const slot = await openSlot(anchoring);
  const answers = await askStores(options, anchoring.way);
  const held = options.targets.flatMap(({ store, log }, index) => {
    const answer = answers[index] as Answer;
    return 'listing' in answer ? { store, log, listing: answer.listing } : [];
  });
  const way = await wayOfStores(held, anchoring.way);
  const ground = { ...anchoring, way };
  const listings = held.map(({ listing }) => listing);
  const bases = await options.bases();
  const newest = newestOf(bases, ground);
  const slotPlace = placeOnWay(slot, way);
  const tails = listings.map((listing) => tailOf(listing, way, segment) ?? newest ?? slotPlace);
  for (const tail of tails) requireOnWay(tail, way);
  const first = tails.toSorted(comparePlaces).at(-1) as Place;
  await mustHaveComeTo(
    first,
    ground,
    held.filter((_, index) => tails[index]?.position === first.position),
  );
  const isKept = !isSameSegment(first, removed, segment) && (await serverHas(ground, first, slot));
  const place = isKept ? first : slotPlace;
  const begin = { ...place, position: floorTo(place.position, segment) };
  const isLinked = (base: Place): boolean =>
    isKept
      ? listings.every(({ pieces }, index) => leadsOrIsBehind(pieces, base, tails[index] as Place, ground))
      : comparePlaces(base, begin) >= 0;
  if (!isKept) options.say({ state: 'finding', reason: lossText(first, slotPlace), hint: lossHint, stores: [] });
  if (newest === undefined || !isKept || !isLinked(newest)) {
    const loss = isKept ? undefined : lossText(first, slotPlace);
    const lack =
      newest !== undefined
        ? undefined
        : bases.length === 0
          ? 'no recovery point is there yet'
          : 'no recovery point leads to the timeline of the server yet';
    const said = [lack, loss].filter((one) => one !== undefined);
    const reason =
      said.join(', and ') || 'the log in the stores does not lead from the newest recovery point to its end';
    const isLedToBy = (base: LogBasePlace): boolean => goesOnFrom(base, ground, isLinked);
    options.needsBase({ reason, isLedToBy, ...(isKept && bases.length === 0 ? { isWhole: true } : {}) });
  } else {
    for (const [index, one] of held.entries()) requireOwnPoint(one, tails[index] as Place, bases, ground);
  }
  const left = await passedBy(held, way);
  if (left !== undefined) options.say({ state: 'finding', ...passedByWords(left, way), passedBy: left, stores: [] });
  const isLeft = left === undefined ? {} : { passedBy: left };
  const position = isKept ? await overlapping(ground, first, listings, slot) : begin.position;
  return { ...begin, position, fallback: newest ?? slotPlace, isGap: !isKept, answers, way, ...isLeft };
}

/** A point that another store has leads to nothing here: whoever has only this store restores from its own. */
export function requireOwnPoint(
  { store, listing: { pieces } }: { readonly store: string; readonly listing: LogListing },
  tail: Place,
  bases: readonly HeldBase[],
  ground: WayGround,
): void {
  const isLinked = (base: Place): boolean => leadsOrIsBehind(pieces, base, tail, ground);
  const own = newestOf(
    bases.filter(({ stores }) => stores.includes(store)),
    ground,
  );
  if (own !== undefined && isLinked(own)) return;
  ground.options.needsBase({
    reason:
      own === undefined
        ? `no recovery point that leads to the log is in ${store} yet`
        : `the log in ${store} does not lead from the newest recovery point there to its end`,
    store,
    isLedToBy: (base) => goesOnFrom(base, ground, isLinked),
    ...(own === undefined ? { isWhole: true } : {}),
  });
}

/** Where the log goes on behind the newest point that leads to the server's timeline: one that ended behind a fork is of a life that ended there. */
export const newestOf = (bases: readonly LogBasePlace[], { way, segmentBytes }: WayGround): Place | undefined =>
  bases
    .filter((base) => leadsThrough(base, way))
    .map(({ timeline, end }) => onWay({ timeline, position: end }, way, segmentBytes))
    .toSorted(comparePlaces)
    .at(-1);

type WayGround = Pick<Anchoring, 'options' | 'way' | 'segmentBytes'>;

/** Whether the log goes on from a point that was just taken. One of a later timeline is believed to: when the stream comes there it looks again. */
export const goesOnFrom = (base: LogBasePlace, ground: WayGround, isLinked: (place: Place) => boolean): boolean => {
  if (base.source !== ground.options.source) return false;
  if (base.timeline > ground.way.timeline) return true;
  const place = newestOf([base], ground);
  return place !== undefined && isLinked(place);
};

/** Whether all of a store's log up to its end can be restored from a point, or the point is newer than all of it. */
export const leadsOrIsBehind = (
  pieces: LogListing['pieces'],
  base: Place,
  tail: Place,
  { way, segmentBytes }: WayGround,
): boolean => comparePlaces(base, tail) >= 0 || leads(pieces, base, tail, way, segmentBytes);

const lossHint =
  'A new recovery point is taken at once. What keeps log until the stream comes: max_slot_wal_keep_size of the server; of a new primary, wal_keep_size, and a stream that begins soon.';

/** What is lost for people who want any moment back: from where the stores end to where the server can go on. */
export const lossText = (from: Place, to: Place): string =>
  `the server no longer has its log from ${lsnText(from.position)}${from.timeline === to.timeline ? '' : ` on timeline ${from.timeline}`} to ${lsnText(to.position)} on timeline ${to.timeline}: moments between there and the next recovery point are lost`;

/**
 * Whether a store may be asked again beside the others, which go on: also one that refuses us, or that nobody has made yet, costs them nothing. What is wrong with
 * the log itself ends the stream.
 */
export const isOfOneStore = ({ code, retry }: LifeboatError): boolean =>
  retry === 'later' || /^(store|repository|key)\./.test(code);

/**
 * Throws what is wrong with the log, and when no store answers what may pass, else the first failure. One that hangs holds up no other: it is asked again beside
 * the stream.
 */
export async function askStores(options: LogStreamOptions, way: Way): Promise<Answer[]> {
  const { targets } = options;
  const asked = targets.map(({ log }) => enterTimeline(log, way, options));
  const settled = await allInTime(asked, (index) => ({
    clock: systemClock,
    ms: limits.storeLookMs,
    late: () =>
      new LifeboatError(
        'store.unreachable',
        `${targets[index]?.store} did not answer within ${limits.storeLookMs / 1000} s`,
      ),
  }));
  const answers = settled.map((one): Answer => {
    if (one.status === 'fulfilled') return { listing: one.value };
    const failure = toLifeboatError(one.reason);
    if (!isOfOneStore(failure)) throw failure;
    return { failure };
  });
  const failures = answers.flatMap((answer) => ('failure' in answer ? [answer.failure] : []));
  if (failures.length === answers.length && failures[0] !== undefined)
    throw failures.find(({ retry }) => retry === 'later') ?? failures[0];
  const late = (): LifeboatError =>
    new LifeboatError('store.unreachable', 'a store did not take what another was told');
  await inTime(shareEndings(options, answers, way), { clock: systemClock, ms: limits.storeLookMs, late }).catch(
    // They are told when the stream begins anew.
    (error: unknown) => toLifeboatError(error),
  );
  return answers;
}

/**
 * What a store has, once it has the history of the server's timeline: without that nobody could tell later how the log behind the fork follows what
 * is before it. A store that does not take the history takes none of that log, and is asked again.
 */
export async function enterTimeline(
  log: LogWriter,
  way: Way,
  { endings, signal }: Pick<LogStreamOptions, 'endings' | 'signal'>,
): Promise<LogListing> {
  if (way.history !== undefined) await log.appendHistory(way.timeline, way.history);
  return tellEndings(log, await log.list({ signal }), endings?.() ?? [], way);
}

/** Throws `asset.foreign` where a store has a timeline that the server has not come to. */
export function requireOnWay({ timeline }: Place, way: Way): void {
  if (timeline <= way.timeline) return;
  throw new LifeboatError(
    'asset.foreign',
    `the log in a store is on timeline ${timeline}, the server on ${way.timeline}`,
  );
}

/** Makes the slot if there is none, and anew if the server gave up on it, or on the log that it stands at. Where the server keeps its log from. */
async function openSlot(ground: Anchoring): Promise<bigint> {
  const { slot: name, ordinary, replication, options } = ground;
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
  const loss = slot === undefined ? undefined : lossOf(slot, ground);
  if (loss !== undefined) {
    options.say({ state: 'finding', ...loss, stores: [] });
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

/** Why a slot keeps nothing, and which setting decides that; `undefined` of one that does. */
function lossOf(
  { name, status, lostBy, restart }: SlotState,
  { way, removed, segmentBytes }: Anchoring,
): { reason: string; hint: string } | undefined {
  const anew = 'It is made anew; if the server has removed log meanwhile, a new recovery point is taken at once.';
  if (status === 'unused' && restart === undefined) {
    const reason = `the replication slot ${name} kept no log so far: it was made without reserving any, and nobody read it`;
    return { reason, hint: anew };
  }
  if (status !== 'lost' && restart !== undefined) {
    if (!isSameSegment(placeOnWay(restart, way), removed, segmentBytes)) return undefined;
    const reason = `the server keeps no log for the replication slot ${name}: what was there at ${lsnText(restart)} is removed`;
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
