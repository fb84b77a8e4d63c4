import type { Reached, Replay } from '../assets/index.ts';
import { formatBytes, isoTime } from '../core/index.ts';

export const replayText = ({ from, to, timeline, bytes, reachableMs }: Replay): string =>
  `${from} to ${to} on timeline ${timeline} (at most ${formatBytes(bytes)}), without a gap${reachableMs === undefined ? '' : `; it reaches ${isoTime(reachableMs)}`}`;

export const reachedText = ({ lsn, timeline, time }: Reached): string =>
  `${lsn}, now on timeline ${timeline}${time === undefined ? '' : `; the last transaction is of ${time}`}`;

export const replayJson = ({ from, to, timeline, bytes, reachableMs }: Replay): Record<string, unknown> => ({
  from,
  to,
  timeline,
  bytes,
  reachable: reachableMs === undefined ? null : isoTime(reachableMs),
});
