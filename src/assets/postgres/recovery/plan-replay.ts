import { isoTime, LifeboatError } from '../../../core/index.ts';
import type {
  LogBasePlace,
  LogListing,
  LogPiece,
  LogReader,
  RecoveryTarget,
  Replay,
  ReplayBase,
  ReplayRange,
} from '../../log.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { lsnText } from '../lsn.ts';
import type { LogEvent } from '../stream/received/records.ts';
import type { Way } from '../stream/resume.ts';
import { chooseWay, startsOf, type Start } from './choose-way.ts';
import { AuditedLog } from './audited-log.ts';
import { LogFetcher } from './fetcher.ts';
import { onListing } from './moving-log.ts';
import { PostgresReplay, type ReplayPlan } from './replay.ts';
import {
  endOfRecords,
  findEvent,
  isWhole,
  leadsThrough,
  legsFrom,
  newestKnown,
  piecesOf,
  type Leg,
  type NewestKnown,
} from './survey-log.ts';

/** In the hint of an error. */
const namesShownMax = 5;

interface Ground {
  readonly log: LogReader;
  readonly listing: LogListing;
  readonly way: Way;
  readonly starts: readonly Start[];
  readonly target: RecoveryTarget;
  readonly signal: AbortSignal | undefined;
}

/** Where replay must stop, as far as the log itself tells. */
type Stop = Pick<ReplayPlan, 'stopAt' | 'least' | 'most'>;

/** See `LogKeeping.planReplay`. */
export function planReplay(
  log: LogReader,
  bases: readonly ReplayBase[],
  target: RecoveryTarget,
  placeOf: (facts: Readonly<Record<string, unknown>>) => LogBasePlace | undefined,
  signal?: AbortSignal,
): Promise<Replay | undefined> {
  const starts = startsOf(bases, placeOf);
  return onListing(log, signal, (listing) => planOn(listing, { log, starts, target, signal }));
}

async function planOn(
  listing: LogListing,
  { log, starts: all, target, signal }: Pick<Ground, 'log' | 'starts' | 'target' | 'signal'>,
): Promise<Replay | undefined> {
  if (listing.pieces.length === 0) return undefined;
  const { way, starts } = await chooseWay(log, listing, all, target);
  const ground = { log, listing, way, starts, target, signal };
  const found = await locate(ground);
  const start = chooseStart(ground, found);
  if (start === undefined) return undefined;
  const legs = legsFrom(start.place, listing.pieces, way, start.segmentBytes);
  const last = legs.at(-1) as Leg;
  const known = await newestKnown(log, legs, listing, start.segmentBytes, signal);
  const stop = await stopOf(ground, start, legs, known, found);
  const bytes = legs.reduce((sum, leg) => sum + Number((leg.forkAt ?? leg.to) - leg.from), 0);
  const plan: ReplayPlan = {
    base: start.base.id,
    timeline: last.timeline,
    from: start.place.start,
    to: last.to,
    bytes: Math.max(0, bytes),
    ranges: legs.map((leg) => rangeOf(leg, listing.pieces)),
    reachableMs: reachableMs(known),
    target,
    ...stop,
  };
  return new PostgresReplay(plan, new LogFetcher(new AuditedLog(log, listing, legs, start.segmentBytes)));
}

function rangeOf(leg: Leg, pieces: readonly LogPiece[]): ReplayRange {
  const { timeline, from, forkAt } = leg;
  const to = forkAt ?? leg.to;
  const held = piecesOf(leg, pieces);
  return {
    timeline,
    from: lsnText(from),
    to: lsnText(to),
    bytes: Math.max(0, Number(to - from)),
    pieces: held.length,
    storedBytes: held.reduce((sum, piece) => sum + piece.storedBytes, 0),
  };
}

/** A name or a transaction is looked for in the log from the oldest point on; a position is where it says. */
async function locate(ground: Ground): Promise<bigint | undefined> {
  const { target, starts } = ground;
  if (target.kind === 'position') return positionOf(target.text);
  if (target.kind !== 'name' && target.kind !== 'transaction') return undefined;
  const start = starts.find(({ place }) => leadsThrough(place, ground.way));
  if (start === undefined) throw noBase(ground);
  const legs = legsFrom(start.place, ground.listing.pieces, ground.way, start.segmentBytes);
  const names = new Set<string>();
  const question = target.kind === 'name' ? byName(target.text, names) : byTransaction(target.text);
  const { log, listing, signal } = ground;
  const found = await findEvent(log, legs, listing.pieces, start.segmentBytes, question, signal);
  if (found !== undefined) return found.event.end;
  const what = target.kind === 'name' ? `restore point "${target.text}"` : `transaction ${target.text}`;
  const known = await newestKnown(log, legs, listing, start.segmentBytes, signal);
  throw new LifeboatError(
    'log.gap',
    `the log from ${isoTime(start.base.atMs)} on holds no ${what}; ${reachableText(known, legs)}`,
    {
      hint: `${target.kind === 'name' ? namesText(names) : ''}Name a moment or a position instead, or look into the log of another store: --store.`,
    },
  );
}

/** The newest few, for whoever mistyped one. */
const namesText = (names: ReadonlySet<string>): string =>
  names.size === 0
    ? 'It holds none at all. '
    : `It holds ${[...names]
        .slice(0, namesShownMax)
        .map((name) => `"${name}"`)
        .join(', ')}${names.size > namesShownMax ? ' and others' : ''}. `;

type Question = Parameters<typeof findEvent>[4];

/** `seen`: every name that was come by, the newest first. */
const byName = (name: string, seen: Set<string>): Question => ({
  mayHold: ({ names = [] }) => {
    for (const one of names.toReversed()) seen.add(one.name);
    return names.some((one) => one.name === name);
  },
  matches: (event: LogEvent) => event.kind === 'name' && event.name === name,
});

function byTransaction(text: string): Question {
  const transaction = Number(text);
  if (!/^\d+$/.test(text) || transaction < 3 || transaction >= 2 ** 32) {
    throw new LifeboatError('input.flag', `"${text}" is no number of a transaction`, {
      hint: 'What pg_current_xact_id() said, without the epoch: a number from 3 to 4294967295.',
    });
  }
  return {
    mayHold: ({ transactions }) =>
      transactions !== undefined && transactions[0] <= transaction && transaction <= transactions[1],
    matches: (event: LogEvent) => event.kind !== 'name' && event.transaction === transaction,
  };
}

function positionOf(text: string): bigint {
  if (/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text)) return lsnValue(text);
  throw new LifeboatError('input.flag', `"${text}" is no position in a log`, {
    hint: 'Write it as PostgreSQL does: 16/B374D848.',
  });
}

/** The newest point that ends before the target and leads there. */
function chooseStart(ground: Ground, found: bigint | undefined): Start | undefined {
  const { target, way, listing } = ground;
  const before = ground.starts.filter(({ base, place }) => {
    if (target.kind === 'time') return target.exclusive === true ? base.atMs < target.atMs : base.atMs <= target.atMs;
    return found === undefined || place.end <= found;
  });
  if (before.length === 0) throw noBase(ground);
  const start = before.findLast(({ place }) => leadsThrough(place, way));
  const newest = before.at(-1) as Start;
  if (target.kind === 'now' && isBehind(listing.pieces, way, newest.place)) return undefined;
  if (start === newest || (start !== undefined && newest.place.timeline < way.timeline)) return start;
  throw new LifeboatError(
    'log.gap',
    `the point ${newest.base.id} is on timeline ${newest.place.timeline}, which does not lead to timeline ${way.timeline} of the log`,
    { hint: `Restore it without the log: --point ${newest.base.id}` },
  );
}

/** Whether the point holds more than the log: nothing is there to be replayed. */
const isBehind = (pieces: readonly LogPiece[], way: Way, place: LogBasePlace): boolean =>
  place.timeline > way.timeline ||
  (place.timeline === way.timeline &&
    pieces.every(({ timeline, end }) => timeline !== way.timeline || end <= place.end));

function wordsOf(target: RecoveryTarget): string {
  if (target.kind === 'time') return isoTime(target.atMs);
  if (target.kind === 'name') return `the restore point "${target.text}"`;
  return target.kind === 'now' ? 'now' : `the ${target.kind} ${target.text}`;
}

/** Where only one may be taken, because there is no other or it was named, it is about that one. */
function noBase({ starts, target }: Ground): LifeboatError {
  const earliest = starts[0];
  const where = earliest && `of ${isoTime(earliest.base.atMs)}`;
  const message =
    earliest !== undefined && starts.length === 1
      ? `the point ${earliest.base.id} does not end before ${wordsOf(target)}: it is ${where}, at ${lsnText(earliest.place.end)}`
      : `no recovery point ends before ${wordsOf(target)}`;
  return new LifeboatError('restore.unreachable_target', message, {
    hint:
      earliest === undefined
        ? 'Take one: lifeboat backup.'
        : `The earliest is ${earliest.base.id}, ${where} at ${lsnText(earliest.place.end)}.`,
  });
}

async function stopOf(
  ground: Ground,
  start: Start,
  legs: readonly Leg[],
  known: NewestKnown,
  found: bigint | undefined,
): Promise<Stop> {
  const { target, listing, way, log } = ground;
  const last = legs.at(-1) as Leg;
  const end = async (): Promise<bigint> => {
    const records = await endOfRecords(log, last, listing.pieces, start.segmentBytes);
    return records > start.place.end ? records : start.place.end;
  };
  const everything = async (): Promise<Stop> => ({ stopAt: {}, least: await end(), most: undefined });
  if (target.kind === 'now') {
    if (!isWhole(legs, listing.pieces, way)) throw gap(start, legs, known, 'to its end');
    return everything();
  }
  if (target.kind === 'time') {
    const { atMs, exclusive = false } = target;
    if (
      known.newestCommitMs !== undefined &&
      (exclusive ? known.newestCommitMs >= atMs : known.newestCommitMs > atMs)
    ) {
      return {
        stopAt: { recovery_target_time: `${isoTime(atMs).replace('T', ' ').replace('Z', '+00')}` },
        least: start.place.end,
        most: undefined,
      };
    }
    // Nothing was committed after the moment, and the source's clock had passed it: all there is is what was asked for.
    if (known.completeToMs !== undefined && known.completeToMs >= atMs) return everything();
    throw gap(start, legs, known, `to ${isoTime(atMs)}`);
  }
  const at = found as bigint;
  if (at > last.to) throw gap(start, legs, known, `to ${lsnText(at)}`);
  const exclusive = target.exclusive === true;
  if (target.kind === 'name') return { stopAt: { recovery_target_name: target.text }, least: at, most: undefined };
  if (target.kind === 'transaction') {
    const bounds = exclusive ? { least: start.place.end, most: at - 1n } : { least: at, most: undefined };
    return { stopAt: { recovery_target_xid: target.text }, ...bounds };
  }
  // PostgreSQL wants to see a record at or behind the position; where the log ends just there, all of it is what was asked for.
  if (at >= (await end())) return everything();
  const bounds = exclusive ? { least: start.place.end, most: at } : { least: at, most: undefined };
  return { stopAt: { recovery_target_lsn: lsnText(at) }, ...bounds };
}

function gap(start: Start, legs: readonly Leg[], known: NewestKnown, where: string): LifeboatError {
  const reachable = reachableMs(known);
  return new LifeboatError(
    'log.gap',
    `the log does not lead from the point ${start.base.id} ${where}: ${reachableText(known, legs)}`,
    {
      hint:
        reachable === undefined || reachable < start.base.atMs
          ? `Restore the point alone (${isoTime(start.base.atMs)}): --point ${start.base.id}; or look into another store: --store.`
          : `Restore what is there: --at ${isoTime(reachable)}; or look into another store: --store.`,
    },
  );
}

function reachableText(known: NewestKnown, legs: readonly Leg[]): string {
  const last = legs.at(-1) as Leg;
  const reachable = reachableMs(known);
  const moment = reachable === undefined ? '' : `, ${isoTime(reachable)}`;
  return `it is without a gap up to ${lsnText(last.to)} on timeline ${last.timeline}${moment}`;
}

/**
 * The latest moment that `--at` may name. Of a commit nobody knows whether others of the same millisecond are missing behind it, so that it is
 * the moment just before the newest one, unless the source's clock says that all was there.
 */
const reachableMs = ({ newestCommitMs, completeToMs }: NewestKnown): number | undefined =>
  newestCommitMs === undefined && completeToMs === undefined
    ? undefined
    : Math.max(newestCommitMs === undefined ? 0 : newestCommitMs - 1, completeToMs ?? 0);
