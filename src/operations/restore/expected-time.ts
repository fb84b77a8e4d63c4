import { formatBytes, formatDuration, isoTime } from '../../core/index.ts';
import type { ReplayedLog } from '../../assets/index.ts';
import type { Workspace } from '../contract.ts';

/** How long a restore is expected to take, and by what that was judged. */
export interface ExpectedTime {
  readonly seconds: number;
  /** For people: `by the restore of 2026-11-21T03:00:00Z, 57 MB and 20 MB of log in 4.3 s`. */
  readonly from: string;
}

/** Of a restore, seconds: written into the journal, so that the next one knows its rates. */
export interface RestoreParts {
  /** The point, while the log was fetched ahead. */
  readonly write: number;
  /** Until the copy was alive: the replay of the log is in it. */
  readonly start: number;
}

/** Less log than this tells nothing of the rate. */
const tellingLogBytes = 2 ** 20;

/** Nor does a replay of less than this share of the one that is asked for: what each takes, however short, would be multiplied with it. */
const tellingShare = 1 / 4;

/**
 * By the rates of the last restore of this asset that went well: the point by its size, the start of the server as it was, the log by what was really replayed, which
 * is little of it where the target was an early one. Of the log the last one counts that replayed enough to tell. `undefined`: there was
 * none of this kind. What was never measured is not guessed: then `from` says that it is not in it.
 */
export function expectedTime(
  { journal }: Workspace,
  asset: string,
  bytes: number,
  logBytes: number,
  how: 'beside' | 'in place' = 'beside',
): ExpectedTime | undefined {
  const kind = how === 'beside' ? 'restore.finished' : 'inplace.finished';
  const done = journal
    .records({ kinds: [kind] })
    .filter(({ data }) => data['asset'] === asset && data['bytes'] !== undefined); // earlier versions measured none in place
  const last = done.at(-1);
  if (last === undefined) return undefined;
  const { seconds, parts, replayed } = measuredIn(last.data);
  const share = bytes / Math.max(1, Number(last.data['bytes']));
  const by = `by the restore${how === 'beside' ? '' : ' in place'} of ${isoTime(last.atMs)}: ${formatBytes(Number(last.data['bytes']))}`;
  if (parts === undefined) return { seconds: seconds * share, from: `${by} in ${formatDuration(seconds * 1000)}` };
  const rest = Math.max(0, seconds - parts.write - parts.start);
  const alone = (parts.write + rest) * share + Math.max(0, parts.start - (replayed?.seconds ?? 0));
  const from = `${by}${logText(replayed?.bytes ?? 0)} in ${formatDuration(seconds * 1000)}`;
  if (logBytes < tellingLogBytes) return { seconds: alone, from };
  const telling = done
    .map(({ data }) => measuredIn(data).replayed)
    .findLast((one) => one !== undefined && one.bytes >= Math.max(tellingLogBytes, logBytes * tellingShare));
  if (telling === undefined) {
    const missing = `the replay of ${formatBytes(logBytes)} of log was never measured and is not in it`;
    return { seconds: alone, from: `${from}; ${missing}` };
  }
  const rate =
    telling === replayed
      ? ''
      : `; ${formatBytes(telling.bytes)} of log in ${formatDuration(telling.seconds * 1000)} before`;
  return { seconds: alone + telling.seconds * (logBytes / telling.bytes), from: `${from}${rate}` };
}

const logText = (bytes: number): string => (bytes === 0 ? '' : ` and ${formatBytes(bytes)} of log`);

/** Records of earlier versions have no parts, or do not say what was replayed: only how much log there was. */
function measuredIn(data: Readonly<Record<string, unknown>>): {
  seconds: number;
  parts: RestoreParts | undefined;
  replayed: ReplayedLog | undefined;
} {
  return {
    seconds: Number(data['seconds']),
    parts: data['parts'] as RestoreParts | undefined,
    replayed: (data['replayed'] ?? undefined) as ReplayedLog | undefined,
  };
}
