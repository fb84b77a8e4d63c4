import type { Newest } from '../../assets/index.ts';
import { formatDuration } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';
import type { LogReach } from './facts.ts';
import type { LossNow, SilentSource } from './status-types.ts';

export interface LossQuestion {
  readonly nowMs: number;
  /** The newest sound point of the store. */
  readonly point: Point | undefined;
  /** How far the log that lies there leads. */
  readonly reach: LogReach | undefined;
  /** What the source says; undefined: it was not asked, or did not answer. */
  readonly source: Newest | undefined;
  readonly silent?: SilentSource | undefined;
}

/** What would be lost if the source were gone now and this were restored. Never the mere age of a point where the source can tell. */
export function lossNow({ nowMs, point, reach, source, silent }: LossQuestion): LossNow {
  // A log leads nowhere without a point to begin at.
  if (point === undefined) return { ms: undefined, atMost: false, how: 'nothing to restore' };
  if (reach === undefined || reach.completeMs <= point.atMs) return ofPoint(nowMs, point, source, silent);
  if (reach.behindMs !== undefined) return { ms: reach.behindMs, atMost: true, how: 'as the running stream measures' };
  if (source?.atMs !== undefined && source.atMs <= reach.completeMs)
    return { ms: 0, atMost: false, how: 'the newest commit is in the log' };
  return bound(nowMs, reach.completeMs, source, silent, 'the log reaches');
}

function ofPoint(
  nowMs: number,
  { atMs, facts: { newest } }: Point,
  source: Newest | undefined,
  silent: SilentSource | undefined,
): LossNow {
  if (source?.token !== undefined && source.token === newest?.token)
    return { ms: 0, atMost: false, how: 'the point equals its source' };
  // What differs although nothing in it is newer was changed in another way: an old file that was moved in.
  const differs = source?.token !== undefined && newest?.token !== undefined;
  const stoodStill = source?.atMs !== undefined && source.atMs <= Math.max(atMs, newest?.atMs ?? atMs);
  if (stoodStill && !differs) return { ms: 0, atMost: false, how: 'nothing was committed since the point' };
  return bound(nowMs, atMs, source, silent, 'the point is of');
}

function bound(
  nowMs: number,
  sinceMs: number,
  source: Newest | undefined,
  silent: SilentSource | undefined,
  what: string,
): LossNow {
  const ms = Math.max(0, nowMs - sinceMs);
  const says =
    silent === undefined ? sourceText(source) : `${silentText(nowMs, silent)}: nobody knows what was committed since`;
  return { ms, atMost: source?.atMs === undefined, how: `${what} ${formatDuration(ms)} ago; ${says}` };
}

function sourceText(source: Newest | undefined): string {
  if (source === undefined) return 'the source did not say whether anything was committed since';
  return source.atMs === undefined ? 'the source cannot tell when it last changed' : 'committed to since';
}

/** What is known of a source that does not answer: it may be dead, or only out of reach from here. */
export function silentText(nowMs: number, { reason, aliveMs }: SilentSource): string {
  const alive = aliveMs === undefined ? '' : `, and was alive ${formatDuration(Math.max(0, nowMs - aliveMs))} ago`;
  return `the source cannot be asked (${reason})${alive}`;
}
