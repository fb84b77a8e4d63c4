import type { RecoveryTarget, Reached, Replay, ReplayRange } from '../../../assets/index.ts';
import { formatBytes, isoTime } from '../../../core/index.ts';

export const replayText = ({ from, to, timeline, bytes, reachableMs }: Replay): string =>
  `${from} to ${to} on timeline ${timeline} (at most ${formatBytes(bytes)}), without a gap${reachableMs === undefined ? '' : `; it reaches ${isoTime(reachableMs)}`}`;

/** Where the replay stops, as it was asked for. */
export function targetText(target: RecoveryTarget | undefined): string {
  if (target === undefined || target.kind === 'now') return 'the end of the log';
  const where =
    target.kind === 'time'
      ? isoTime(target.atMs)
      : target.kind === 'name'
        ? `the restore point "${target.text}"`
        : `the ${target.kind} ${target.text}`;
  return `${target.exclusive === true ? 'just before' : 'up to and with'} ${where}`;
}

export const rangeText = ({ timeline, from, to, bytes, pieces, storedBytes }: ReplayRange): string =>
  `timeline ${timeline}: ${from} to ${to}, ${formatBytes(bytes)} in ${pieces} objects of ${formatBytes(storedBytes)}`;

export const reachedText = ({ lsn, timeline, time }: Reached): string =>
  `${lsn}, now on timeline ${timeline}${time === undefined ? '' : `; the last transaction is of ${time}`}`;

export const replayJson = ({ from, to, timeline, bytes, ranges, reachableMs }: Replay): Record<string, unknown> => ({
  from,
  to,
  timeline,
  bytes,
  ranges,
  reachable: reachableMs === undefined ? null : isoTime(reachableMs),
});
