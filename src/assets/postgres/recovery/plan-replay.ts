import { endedLives } from '../../log-lives.ts';
import { isLifeboatError, isoTime, LifeboatError } from '../../../core/index.ts';
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
import { WatchedLog } from '../../watched-log.ts';
import { lsnText } from '../lsn.ts';
import type { Way } from '../stream/resume.ts';
import { chooseWay, startsOf, type Start } from './choose-way.ts';
import { AuditedLog, type AuditedWay } from './audited-log.ts';
import { startsBefore } from './consistent-start.ts';
import { LogFetcher } from './fetcher.ts';
import { laterLives } from './later-lives.ts';
import { locate, type Ground } from './locate-target.ts';
import { onListing } from './moving-log.ts';
import { mustBeOfOneLife } from './same-life.ts';
import { bytesUpTo, PostgresReplay, type ReplayPlan } from './replay.ts';
import {
  endOfRecords,
  isWhole,
  leadsThrough,
  legsFrom,
  nearTo,
  newestKnown,
  piecesOf,
  type Leg,
  type NewestKnown,
} from './survey-log.ts';
import { behindTheEnd, damagedBehind, noBase, reachableMs } from './unreachable.ts';

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
  return planAlong({ log: new WatchedLog(log), starts: startsOf(bases, placeOf), target, signal });
}

type Wish = Pick<Ground, 'starts' | 'target' | 'signal'> & { readonly log: WatchedLog };

const planAlong = (wish: Wish): Promise<Replay | undefined> =>
  onListing(wish.log, wish.signal, (listing) => planOn(listing, wish));

/** Log that turned out damaged while it was fetched: refused as it would have been before, had anybody known. */
async function refusalFor(damage: LifeboatError, wish: Wish): Promise<LifeboatError> {
  try {
    await (await planAlong(wish))?.close();
    return damage;
  } catch (error) {
    return isLifeboatError(error, 'log.gap') ? error : damage;
  }
}

async function planOn(listing: LogListing, wish: Wish): Promise<Replay | undefined> {
  const { log, starts: all, target, signal } = wish;
  if (listing.pieces.length === 0) return undefined;
  const { way, starts: leading } = await chooseWay(log, listing, all, target);
  const starts = await startsBefore({ log, listing, way, starts: leading, target, signal });
  const ground = { log, listing, way, starts, target, signal };
  const found = await locate(ground);
  const start = chooseStart(ground, found);
  if (start === undefined) return undefined;
  const legs = legsFrom(start.place, listing.pieces, way, start.segmentBytes);
  await mustBeOfOneLife(ground, start, legs);
  const last = legs.at(-1) as Leg;
  const known = await newestKnown(log, legs, listing, start.segmentBytes, signal);
  const stop = await stopOf(ground, start, legs, known, found);
  const bytes = legs.reduce((sum, leg) => sum + Number((leg.forkAt ?? leg.to) - leg.from), 0);
  const whole = legs.map((leg) => rangeOf(leg, listing.pieces));
  const stopsAt = isAll(stop) ? undefined : (found ?? (await nearTo(log, legs, listing.pieces, target, signal)));
  const reachable = reachableMs(known);
  // Whoever says along which life needs to know nothing of those that ended: what tells of them may be damaged.
  const isTold = (target.timeline ?? 'latest') !== 'latest';
  const endings = isTold ? [] : await endedLives(log, listing);
  const without = new Set(endings.map(({ timeline }) => timeline));
  const plan: ReplayPlan = {
    base: start.base.id,
    tooNew: leading.filter((one) => isTooNew(ground, one, found)).map(({ base }) => base.id),
    timeline: last.timeline,
    from: start.place.start,
    to: last.to,
    bytes: Math.max(0, bytes),
    bytesExpected: stopsAt === undefined ? Math.max(0, bytes) : bytesUpTo(whole, stopsAt),
    way: whole,
    ranges: stopsAt === undefined ? whole : rangesUpTo(legs, listing.pieces, stopsAt),
    reachableMs: reachable,
    endings,
    later: isTold ? [] : await laterLives(log, listing, way, { thanMs: reachable ?? start.base.atMs, without }),
    target,
    ...stop,
  };
  const audited: AuditedWay = {
    legs,
    segmentBytes: start.segmentBytes,
    refusalFor: (damage) => refusalFor(damage, wish),
  };
  return new PostgresReplay(plan, new LogFetcher(new AuditedLog(log, listing, audited)));
}

const isAll = ({ stopAt }: Stop): boolean => Object.keys(stopAt).length === 0;

/** Positions go on from one timeline to the next. */
function rangesUpTo(legs: readonly Leg[], pieces: readonly LogPiece[], end: bigint): ReplayRange[] {
  const needed = legs.filter(({ from }, index) => index === 0 || from < end);
  return needed.map((leg) => rangeOf(leg, pieces, end));
}

function rangeOf(leg: Leg, pieces: readonly LogPiece[], end?: bigint): ReplayRange {
  const { timeline, from, forkAt } = leg;
  const last = forkAt ?? leg.to;
  const to = end !== undefined && end < last ? end : last;
  const held = piecesOf(leg, pieces).filter(({ start }) => start < to);
  return {
    timeline,
    from: lsnText(from),
    to: lsnText(to),
    bytes: Math.max(0, Number(to - from)),
    pieces: held.length,
    storedBytes: held.reduce((sum, piece) => sum + piece.storedBytes, 0),
  };
}

/** The newest point that ends before the target and leads there. */
function chooseStart(ground: Ground, found: bigint | undefined): Start | undefined {
  const { target, way, listing } = ground;
  const before = ground.starts.filter((one) => endsBefore(target, one, found));
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

function endsBefore(target: RecoveryTarget, { base, place }: Start, found: bigint | undefined): boolean {
  if (target.kind === 'time') return target.exclusive === true ? base.atMs < target.atMs : base.atMs <= target.atMs;
  return found === undefined || place.end <= found;
}

/** Also one that is of an earlier moment and holds later work (`startsBefore`). */
const isTooNew = ({ starts, target, way }: Ground, one: Start, found: bigint | undefined): boolean =>
  leadsThrough(one.place, way) && (!starts.includes(one) || !endsBefore(target, one, found));

/** Whether the point holds more than the log: nothing is there to be replayed. */
const isBehind = (pieces: readonly LogPiece[], way: Way, place: LogBasePlace): boolean =>
  place.timeline > way.timeline ||
  (place.timeline === way.timeline &&
    pieces.every(({ timeline, end }) => timeline !== way.timeline || end <= place.end));

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
  const hasHole = !isWhole(legs, listing.pieces, way);
  const refusal = (where: string): LifeboatError =>
    behindTheEnd(start, legs, known, { where, hasHole, target, damaged: damagedBehind(legs, listing.pieces) });
  const everything = async (): Promise<Stop> => ({ stopAt: {}, least: await end(), most: undefined });
  if (target.kind === 'now') {
    if (hasHole) throw refusal('to its end');
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
    throw refusal(`to ${isoTime(atMs)}`);
  }
  const at = found as bigint;
  if (at > last.to) throw refusal(`to ${lsnText(at)}`);
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
