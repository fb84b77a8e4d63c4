import type { LogFork, LogPiece } from '../../assets/index.ts';

/** A point as far as its log goes: where on the log replay of it starts, where its data is consistent, and the moment whose data it holds. */
export interface LogBase {
  readonly timeline: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly atMs: number;
}

/** What became of a source on one timeline: how it came there, and the latest moment that is known of it there, its points included. */
export interface LogLife {
  readonly timeline: number;
  /** Oldest first. */
  readonly forks: readonly LogFork[];
  /** People went back from it: another is the one that goes on. */
  readonly hasEnded?: true;
  /** Milliseconds since 1970; `undefined`: not known, so that it counts as one that goes on. */
  readonly lastMs: number | undefined;
}

/**
 * Which pieces of a log nothing needs any more. Each life that reaches into the window in which any moment can be restored (from `sinceMs` on) needs
 * its log, over the forks that it came through, from the newest point that leads to it and reaches back to the window; a point that ended behind
 * the fork leads elsewhere. The newest life that people did not go back from, and the one of the newest point, need theirs in any case. Older points bring along what they need
 * of the log. Without a window (`undefined`) the log stays from the oldest point on that leads to each life; without a point everything stays.
 * `lives` has each timeline of pieces and bases.
 */
export function unneededPieces(
  pieces: readonly LogPiece[],
  bases: readonly LogBase[],
  lives: readonly LogLife[],
  sinceMs: number | undefined,
): LogPiece[] {
  const byAge = bases.toSorted((a, b) => a.atMs - b.atMs);
  const newest = byAge.at(-1);
  if (newest === undefined) return [];
  const latest = goingOn(lives)?.timeline;
  const goesOn = ({ timeline, lastMs }: LogLife): boolean =>
    timeline === latest ||
    timeline === newest.timeline ||
    sinceMs === undefined ||
    lastMs === undefined ||
    lastMs >= sinceMs;
  const needed = new Set<LogPiece>();
  for (const life of lives.filter(goesOn)) {
    const need = needOf(life, byAge, sinceMs);
    // Nothing of a life without a point can be restored; only the newest one may be about to get its first.
    if (need === undefined && life.timeline !== latest) continue;
    for (const piece of pieces) {
      if (need === undefined ? piece.timeline === latest : need(piece)) needed.add(piece);
    }
  }
  return pieces.filter((piece) => !needed.has(piece));
}

/** The newest life that people did not go back from; the newest where they did from all of them. */
export function goingOn<L extends { readonly timeline: number; readonly hasEnded?: boolean }>(
  lives: readonly L[],
): L | undefined {
  const byNumber = lives.toSorted((a, b) => a.timeline - b.timeline);
  return byNumber.findLast(({ hasEnded }) => hasEnded !== true) ?? byNumber.at(-1);
}

/** Whether replay from a point comes to this life: one that ended behind a fork is of another that ended there. */
export const leadsToLife = (base: Pick<LogBase, 'timeline' | 'end'>, { timeline, forks }: LogLife): boolean =>
  base.timeline === timeline || forks.some((fork) => fork.timeline === base.timeline && base.end <= fork.at);

/** Whether a piece is needed for the moments of a life; `undefined`: no point leads to it. */
function needOf(
  life: LogLife,
  byAge: readonly LogBase[],
  sinceMs: number | undefined,
): ((piece: LogPiece) => boolean) | undefined {
  const way = [...life.forks, { timeline: life.timeline, at: undefined }];
  const legOf = (one: { readonly timeline: number }): number => way.findIndex((leg) => leg.timeline === one.timeline);
  const leading = byAge.filter((base) => leadsToLife(base, life));
  const from = (sinceMs === undefined ? undefined : leading.findLast(({ atMs }) => atMs <= sinceMs)) ?? leading[0];
  if (from === undefined) return undefined;
  // Of points that were taken later, one may start further back: a long one, or one after a failover.
  const first = leading
    .filter(({ atMs }) => atMs >= from.atMs)
    .reduce((least, base) => ((legOf(base) - legOf(least) || (base.start < least.start ? -1 : 1)) < 0 ? base : least));
  return (piece) => {
    const leg = legOf(piece);
    const { at } = way[leg] ?? {};
    if (leg < legOf(first) || (at !== undefined && piece.start >= at)) return false;
    return leg > legOf(first) || piece.end > first.start;
  };
}
