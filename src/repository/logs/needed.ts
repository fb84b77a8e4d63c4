import type { LogPiece } from '../../assets/index.ts';

/** A point as far as its log goes: where on the log replay of it starts, and the moment whose data it holds. */
export interface LogBase {
  readonly timeline: number;
  readonly start: bigint;
  readonly atMs: number;
}

/**
 * Which pieces of a log nothing needs any more: those before the start of the newest point that still reaches back to `sinceMs`
 * (the start of the window in which any moment can be restored), on its timeline and on those that it came from. Older points
 * bring along what they need of the log. Without a window (`undefined`) the log stays from the oldest kept point on; without
 * a point everything stays.
 */
export function unneededPieces(
  pieces: readonly LogPiece[],
  bases: readonly LogBase[],
  sinceMs: number | undefined,
  ancestorsOf: (timeline: number) => readonly number[],
): LogPiece[] {
  const byAge = bases.toSorted((a, b) => a.atMs - b.atMs);
  const from = (sinceMs === undefined ? undefined : byAge.findLast(({ atMs }) => atMs <= sinceMs)) ?? byAge[0];
  if (from === undefined) return [];
  const line = new Set([from.timeline, ...ancestorsOf(from.timeline)]);
  // Of points that were taken later, one may start further back on its timeline: a long one, or one after a failover.
  const start = byAge
    .filter((base) => base.atMs >= from.atMs)
    .reduce((least, base) => (base.start < least ? base.start : least), from.start);
  return pieces.filter(({ timeline, end }) => line.has(timeline) && end <= start);
}
