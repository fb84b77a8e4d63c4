import { formatBytes, formatDuration, isoTime } from '../../core/index.ts';
import type { Workspace } from '../contract.ts';

/** How long a restore is expected to take, and by what that was judged. */
export interface ExpectedTime {
  readonly seconds: number;
  /** For people: `by the restore of 2026-11-21T03:00:00Z, 57 MB and 20 MB of log in 4.3 s`. */
  readonly from: string;
}

/** Of a restore, seconds: written into the journal, so that the next one knows its rates. */
export interface RestoreParts {
  /** The point, while the log was fetched. */
  readonly write: number;
  /** Until the copy was alive: the replay of the log is in it. */
  readonly start: number;
}

/** Less log than this tells nothing of the rate: a server that starts takes longer. */
const tellingLogBytes = 2 ** 20;

/**
 * By the rates of the last restore of this asset that went well; of the log by the last one that replayed enough to tell. `undefined`: there was
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
  const { seconds, parts } = measuredIn(last.data);
  const share = bytes / Math.max(1, Number(last.data['bytes']));
  const by = `by the restore${how === 'beside' ? '' : ' in place'} of ${isoTime(last.atMs)}: ${formatBytes(Number(last.data['bytes']))}`;
  if (parts === undefined) return { seconds: seconds * share, from: `${by} in ${formatDuration(seconds * 1000)}` };
  const rest = Math.max(0, seconds - parts.write - parts.start);
  const ofPoint = (parts.write + rest) * share;
  const replayed = done.findLast(({ data }) => Number(data['logBytes'] ?? 0) >= tellingLogBytes)?.data;
  const from = `${by}${logText(Number(last.data['logBytes'] ?? 0))} in ${formatDuration(seconds * 1000)}`;
  if (logBytes < tellingLogBytes) return { seconds: ofPoint + parts.start, from };
  const before = replayed === undefined ? undefined : measuredIn(replayed);
  if (replayed === undefined || before?.parts === undefined) {
    const missing = `the replay of ${formatBytes(logBytes)} of log was never measured and is not in it`;
    return { seconds: ofPoint + parts.start, from: `${from}; ${missing}` };
  }
  // A start is never shorter than it was, however little log there is.
  return { seconds: ofPoint + before.parts.start * Math.max(1, logBytes / Number(replayed['logBytes'])), from };
}

const logText = (bytes: number): string => (bytes === 0 ? '' : ` and ${formatBytes(bytes)} of log`);

/** Records of earlier versions have no parts. */
function measuredIn(data: Readonly<Record<string, unknown>>): { seconds: number; parts: RestoreParts | undefined } {
  return { seconds: Number(data['seconds']), parts: data['parts'] as RestoreParts | undefined };
}
