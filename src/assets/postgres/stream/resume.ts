import { isLifeboatError } from '../../../core/index.ts';
import { coveredTo } from '../../log-ranges.ts';
import type { LogFork, LogListing, LogPiece, LogReader } from '../../log.ts';
import { floorTo, forksOf } from '../lsn.ts';

export interface Place {
  readonly timeline: number;
  readonly position: bigint;
}

/** The server's way through its timelines: each goes over into the next at a fork, the last one is its own. */
export interface Way {
  readonly forks: readonly LogFork[];
  readonly timeline: number;
  /** The history file of its own timeline; the first one has none. */
  readonly history?: string;
  /** Before this position the log has another life under the number that this one had, and nothing of it is on the way. */
  readonly begins?: bigint;
}

/**
 * The way as far back as the log is of the same life. A timeline that was left may have given its number to another one, whose history differs: a server that was
 * promoted without asking the log.
 */
export async function ownWay(
  log: Pick<LogReader, 'history'>,
  { histories }: Pick<LogListing, 'histories'>,
  way: Way,
): Promise<Way> {
  const { forks } = way;
  for (let index = forks.length - 1; index > 0; index -= 1) {
    const { timeline, at } = forks[index] as LogFork;
    if (!histories.includes(timeline)) continue;
    if (!(await mayBe(log, timeline, forks.slice(0, index))))
      return { ...way, forks: forks.slice(index + 1), begins: at };
  }
  return way;
}

/** Whether the log's timeline of this number may have come to be like this. */
async function mayBe(log: Pick<LogReader, 'history'>, timeline: number, forks: readonly LogFork[]): Promise<boolean> {
  try {
    const said = forksOf(await log.history(timeline));
    return said.length === forks.length && said.every((one, index) => isSameFork(one, forks[index] as LogFork));
  } catch (error) {
    // Damaged, or the store is away: `verify` names the one, and the stream the other.
    if (isLifeboatError(error)) return true;
    throw error;
  }
}

const isSameFork = (one: LogFork, other: LogFork): boolean => one.timeline === other.timeline && one.at === other.at;

export const comparePlaces = (a: Place, b: Place): number =>
  a.timeline - b.timeline || (a.position < b.position ? -1 : a.position > b.position ? 1 : 0);

export const isSameSegment = (a: Place, b: Place | undefined, segmentBytes: number): boolean =>
  a.timeline === b?.timeline && floorTo(a.position, segmentBytes) === floorTo(b.position, segmentBytes);

/**
 * Where a store's log goes on, on the server's way. What a store has of a timeline beyond its fork is not in the server's history (the
 * old primary wrote it, and nobody got it): then it goes on at the fork, on the next timeline, from the start of that segment.
 */
export function tailOf({ pieces }: LogListing, way: Way, segmentBytes: number): Place | undefined {
  const newest = pieces.filter(({ timeline }) => isOnWay(timeline, way)).at(-1);
  if (newest === undefined) return undefined;
  const position = endOfLast(pieces, newest.timeline);
  return onWay({ timeline: newest.timeline, position }, way, segmentBytes);
}

export function onWay(place: Place, way: Way, segmentBytes: number): Place {
  const index = way.forks.findIndex(({ timeline }) => timeline === place.timeline);
  const fork = way.forks[index];
  if (fork === undefined || place.position < fork.at) return place;
  const next = way.forks[index + 1]?.timeline ?? way.timeline;
  return onWay({ timeline: next, position: floorTo(fork.at, segmentBytes) }, way, segmentBytes);
}

export const isOnWay = (timeline: number, { forks, timeline: own }: Way): boolean =>
  timeline === own || forks.some((fork) => fork.timeline === timeline);

/** Whether the log leads from one place to another, over the forks between, by pieces that are sorted. */
export function leads(pieces: readonly LogPiece[], from: Place, to: Place, way: Way, segmentBytes: number): boolean {
  const reached = coveredTo(pieces, from.timeline, floorTo(from.position, segmentBytes));
  if (from.timeline === to.timeline) return reached >= to.position;
  const index = way.forks.findIndex(({ timeline }) => timeline === from.timeline);
  const fork = way.forks[index];
  if (fork === undefined || reached < fork.at) return false;
  const next = way.forks[index + 1]?.timeline ?? way.timeline;
  return leads(pieces, { timeline: next, position: fork.at }, to, way, segmentBytes);
}

/** The pieces of a timeline are sorted by start; the one that ends last need not start last. */
const endOfLast = (pieces: readonly LogPiece[], timeline: number): bigint =>
  pieces.reduce((end, piece) => (piece.timeline === timeline && piece.end > end ? piece.end : end), 0n);
