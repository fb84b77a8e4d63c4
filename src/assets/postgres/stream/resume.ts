import { coveredTo } from '../../log-ranges.ts';
import type { LogFork, LogListing, LogPiece } from '../../log.ts';
import { floorTo } from '../lsn.ts';

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
