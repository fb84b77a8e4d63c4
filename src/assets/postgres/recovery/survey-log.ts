import { newestLife } from '../../log-lives.ts';
import { coveredTo } from '../../log-ranges.ts';
import type {
  LogBasePlace,
  LogClock,
  LogFork,
  LogListing,
  LogMarks,
  LogPiece,
  LogReader,
  RecoveryTarget,
} from '../../log.ts';
import { isLifeboatError, LifeboatError } from '../../../core/index.ts';
import { floorTo, forksOf } from '../lsn.ts';
import { RecordWalker, type LogEvent } from '../stream/received/records.ts';
import { ownWay } from '../stream/own-way.ts';
import type { Way } from '../stream/resume.ts';
import { readStretch } from './stretch.ts';

/** A stretch of one timeline on the way to a target. */
export interface Leg {
  readonly timeline: number;
  /** The start of a segment. */
  readonly from: bigint;
  /** How far the pieces lead. */
  readonly to: bigint;
  /** Where the way goes over to the next timeline; `undefined` on the last. */
  readonly forkAt: bigint | undefined;
}

/** A timeline of a log, the one that it goes on with unless stated (`newestLife`), with how it came to be. Throws `log.gap` and what `LogReader` throws. */
export async function wayTo(log: LogReader, listing: LogListing, wanted?: number): Promise<Way> {
  const { histories } = listing;
  const timeline = wanted ?? (await newestLife(log, listing));
  if (timeline === 1) return { forks: [], timeline };
  if (histories.includes(timeline))
    return ownWay(log, listing, { forks: forksOf(await log.history(timeline)), timeline });
  throw new LifeboatError(
    'log.gap',
    `the log has timeline ${timeline}, and its history is missing: nobody can tell where it began`,
    {
      hint: 'Read the log from another store, or restore a point without it: --point ID.',
    },
  );
}

export const leadsThrough = (base: LogBasePlace, { forks, timeline }: Way): boolean =>
  base.timeline === timeline || forks.some((fork) => fork.timeline === base.timeline && fork.at >= base.end);

/** The way from a base to the end of what is there without a gap. */
export function legsFrom(base: LogBasePlace, pieces: readonly LogPiece[], way: Way, segmentBytes: number): Leg[] {
  const legs: Leg[] = [];
  const first = way.forks.findIndex(({ timeline }) => timeline === base.timeline);
  const forks: readonly LogFork[] = first < 0 ? [] : way.forks.slice(first);
  let from = floorTo(base.end, segmentBytes);
  for (const [index, timeline] of [...forks.map((fork) => fork.timeline), way.timeline].entries()) {
    const forkAt = forks[index]?.at;
    const to = coveredTo(pieces, timeline, from);
    legs.push({ timeline, from, to, forkAt });
    // The segment of the fork is whole on the next timeline: here only what is before it is needed.
    if (forkAt === undefined || to < floorTo(forkAt, segmentBytes)) break;
    from = floorTo(forkAt, segmentBytes);
  }
  return legs;
}

/** Whether the legs lead to the end of all there is on the way, what is damaged included. */
export function isWhole(legs: readonly Leg[], pieces: readonly LogPiece[], way: Way): boolean {
  const last = legs.at(-1) as Leg;
  return (
    last.timeline === way.timeline && pieces.every(({ timeline, end }) => timeline !== way.timeline || end <= last.to)
  );
}

/** The pieces of the legs, the newest first. */
export function newestFirst(legs: readonly Leg[], pieces: readonly LogPiece[]): LogPiece[] {
  return legs.toReversed().flatMap((leg) => piecesOf(leg, pieces).toReversed());
}

export const piecesOf = (leg: Leg, pieces: readonly LogPiece[]): LogPiece[] =>
  pieces.filter((piece) => isIn(piece, leg));

const isIn = ({ timeline, start, end, damaged }: LogPiece, leg: Leg): boolean =>
  timeline === leg.timeline &&
  damaged === undefined &&
  end > leg.from &&
  start < leg.to &&
  (leg.forkAt === undefined || start < leg.forkAt);

export interface NewestKnown {
  readonly newestCommitMs: number | undefined;
  /** All that was acknowledged before is there. */
  readonly completeToMs: number | undefined;
}

/** Looks back from the end until it meets a commit, and what the source's clock said. */
export async function newestKnown(
  log: LogReader,
  legs: readonly Leg[],
  { pieces, clocks }: LogListing,
  segmentBytes: number,
  signal?: AbortSignal,
): Promise<NewestKnown> {
  const options = signal === undefined ? {} : { signal };
  let newestCommitMs: number | undefined;
  let completeToMs = await newestClock(log, legs.at(-1) as Leg, clocks);
  for (const piece of newestFirst(legs, pieces)) {
    const marks = await log.marks(piece, options);
    const leg = legOf(legs, piece);
    if (!isOnWay(leg, piece.end)) {
      // Its clock and, it may be, its newest commit are of the life that was left.
      const commits = await eventsOf(log, leg, piece, pieces, segmentBytes, ({ kind }) => kind === 'commit', options);
      newestCommitMs = newestOf(commits);
      if (newestCommitMs !== undefined) break;
      continue;
    }
    if ((marks.completeToMs ?? 0) > (completeToMs ?? 0)) completeToMs = marks.completeToMs;
    newestCommitMs ??= marks.commits?.newestMs;
    if (newestCommitMs !== undefined) break;
  }
  return { newestCommitMs, completeToMs };
}

/** Of pieces without a commit, one behind the other: this is only to tell about where. */
const idlePiecesAskedMax = 8;

/**
 * About where a moment is in the log: the end of the last piece of which a commit is no newer. Times are nearly in the order of the log, so that a few marks tell.
 * `undefined`: not a moment, or before all of them.
 */
export async function nearTo(
  log: LogReader,
  legs: readonly Leg[],
  pieces: readonly LogPiece[],
  target: RecoveryTarget,
  signal?: AbortSignal,
): Promise<bigint | undefined> {
  if (target.kind !== 'time') return undefined;
  const onWay = newestFirst(legs, pieces).toReversed();
  let [first, behind] = [0, onWay.length];
  while (first < behind) {
    const middle = Math.floor((first + behind) / 2);
    const isLater = await beginsLater(
      log,
      onWay.slice(middle, Math.min(behind, middle + idlePiecesAskedMax)),
      target.atMs,
      signal,
    );
    if (isLater) behind = middle;
    else first = middle + 1;
  }
  return onWay[first - 1]?.end;
}

/** Of pieces in which nothing was committed the next one tells. */
async function beginsLater(
  log: LogReader,
  pieces: readonly LogPiece[],
  atMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const piece of pieces) {
    const { commits } = await log.marks(piece, signal === undefined ? {} : { signal });
    if (commits !== undefined) return commits.oldestMs > atMs;
  }
  return true;
}

/** What the clock of an idle source said last, while its log was no longer than what is here. */
async function newestClock(
  log: LogReader,
  { timeline, to }: Leg,
  clocks: readonly LogClock[],
): Promise<number | undefined> {
  for (const clock of clocks.toReversed()) {
    if (clock.timeline !== timeline || clock.position > to) continue;
    try {
      await log.clock(clock);
      return clock.atMs;
    } catch (error) {
      // Damaged, or removed by the stream just now: an earlier one says less, and nothing wrong.
      if (!isLifeboatError(error, 'repository.damaged') && !isLifeboatError(error, 'repository.incomplete'))
        throw error;
    }
  }
  return undefined;
}

/** What is looked for in a log. */
export interface EventQuestion {
  /** `isInside`: all that the marks tell of lies on the way, none of it in a life that was left. */
  mayHold(marks: LogMarks, piece: LogPiece, isInside: boolean): boolean;
  /** Of events on the way only, in the order of the log within a piece. */
  matches(event: LogEvent): boolean;
}

/** The event nearest to the end of the log for which `matches` holds, looked for in pieces whose marks let it be there. */
export async function findEvent(
  log: LogReader,
  legs: readonly Leg[],
  pieces: readonly LogPiece[],
  segmentBytes: number,
  question: EventQuestion,
  signal?: AbortSignal,
): Promise<{ event: LogEvent; timeline: number } | undefined> {
  const options = signal === undefined ? {} : { signal };
  for (const piece of newestFirst(legs, pieces)) {
    const leg = legOf(legs, piece);
    const { names = [], ...marks } = await log.marks(piece, options);
    const onWay = { ...marks, names: names.filter(({ at }) => isOnWay(leg, at)) };
    if (!question.mayHold(onWay, piece, isOnWay(leg, piece.end))) continue;
    const event = (await eventsOf(log, leg, piece, pieces, segmentBytes, (one) => question.matches(one), options)).at(
      -1,
    );
    if (event !== undefined) return { event, timeline: piece.timeline };
  }
  return undefined;
}

const legOf = (legs: readonly Leg[], { timeline }: LogPiece): Leg =>
  legs.find((leg) => leg.timeline === timeline) as Leg;

/** The segment of a fork goes on behind it, in the life that was left: what is there never comes back along this way. */
const isOnWay = ({ forkAt }: Leg, end: bigint): boolean => forkAt === undefined || end <= forkAt;

/** Events of the segments of a piece that lie on the way, in the order of the log. */
async function eventsOf(
  log: LogReader,
  leg: Leg,
  { timeline, start: pieceStart, end }: LogPiece,
  pieces: readonly LogPiece[],
  segmentBytes: number,
  matches: (event: LogEvent) => boolean,
  options: { signal?: AbortSignal },
): Promise<LogEvent[]> {
  const start = floorTo(pieceStart, segmentBytes);
  const bytes = await readStretch(log, pieces, { timeline, start, end }, options);
  const found: LogEvent[] = [];
  new RecordWalker(start, segmentBytes, (event) => {
    if (event.end > leg.from && isOnWay(leg, event.end) && matches(event)) found.push(event);
  }).push(bytes);
  return found;
}

const newestOf = (events: readonly LogEvent[]): number | undefined =>
  events.length === 0 ? undefined : events.reduce((most, { atMs }) => Math.max(most, atMs), -Infinity);

/** Behind the last whole record of the legs. */
export async function endOfRecords(
  log: LogReader,
  { timeline, from, to }: Leg,
  pieces: readonly LogPiece[],
  segmentBytes: number,
): Promise<bigint> {
  for (let start = floorTo(to - 1n, segmentBytes); start >= from; start -= BigInt(segmentBytes)) {
    const walker = new RecordWalker(start, segmentBytes, () => {});
    walker.push(await readStretch(log, pieces, { timeline, start, end: to }, {}));
    if (walker.end > start) return walker.end;
  }
  return from;
}

/** A segment as far as its log goes, and zeros behind; whoever gets it may change it. Throws `log.gap`. */
export async function readSegment(
  log: LogReader,
  pieces: readonly LogPiece[],
  range: { timeline: number; start: bigint; end: bigint },
  { segmentBytes, signal }: { segmentBytes: number; signal: AbortSignal },
): Promise<Buffer> {
  const known = pieces.find(
    ({ timeline, start, damaged }) => timeline === range.timeline && start === range.start && damaged === undefined,
  );
  const end = range.start + BigInt(segmentBytes);
  if (known?.end === end && range.end === end) return log.read(known, { signal });
  const whole = Buffer.alloc(segmentBytes);
  (await readStretch(log, pieces, range, { signal })).copy(whole);
  return whole;
}
