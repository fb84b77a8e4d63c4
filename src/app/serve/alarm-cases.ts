import { formatDuration, isoTime, limits } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { Alarm } from '../../schedule/index.ts';

/** One alarm that people were told of: all that rings by the same rule, from the first to the last of it. */
export interface AlarmCase {
  readonly alert: string;
  readonly beganMs: number;
  readonly severity: string;
  /** Channels that the plan names for this alarm itself. */
  readonly notify: readonly string[];
  /** In words; empty once it is over. */
  readonly of: readonly string[];
  /** How often something was said of it. */
  readonly told: number;
  readonly toldMs: number;
  readonly state: 'begins' | 'goes_on' | 'ends';
}

export const caseOf = ({ data, atMs }: JournalRecord): AlarmCase => ({
  ...(data as unknown as Omit<AlarmCase, 'toldMs'>),
  toldMs: atMs,
});

/** What is to be said now of one rule: nothing, or how the case stands. `calmMs`: since when nothing of it rings. */
export function nextOf(
  open: AlarmCase | undefined,
  alarms: readonly Alarm[],
  {
    nowMs,
    calmMs,
    remindMs,
  }: { readonly nowMs: number; readonly calmMs: number | undefined; readonly remindMs: number },
): AlarmCase | undefined {
  const [first] = alarms;
  const of = alarms.map(({ words }) => words).toSorted();
  if (open === undefined || open.state === 'ends') {
    if (first === undefined) return undefined;
    const { alert, labels } = first;
    const notify = (labels['notify'] ?? '').split(',').filter((one) => one !== '');
    const severity = labels['severity'] ?? 'warning';
    return { alert, beganMs: nowMs, severity, notify, of, told: 1, toldMs: nowMs, state: 'begins' };
  }
  const again = { ...open, told: open.told + 1, toldMs: nowMs };
  if (first === undefined) {
    const isCalm = calmMs !== undefined && nowMs - calmMs >= limits.alarmCalmMs;
    return isCalm ? { ...again, of: [], state: 'ends' } : undefined;
  }
  const sinceMs = nowMs - open.toldMs;
  const hasMore = of.some((one) => !open.of.includes(one));
  return (hasMore && sinceMs >= limits.alarmMoreMs) || sinceMs >= remindMs
    ? { ...again, of, state: 'goes_on' }
    : undefined;
}

/** What people read of it. */
export function messageOfCase(
  { alert, of, severity, state, beganMs, toldMs }: AlarmCase,
  plan: string,
  remindMs: number,
): { readonly subject: string; readonly body: string } {
  const lasted = formatDuration(Math.max(0, toldMs - beganMs));
  if (state === 'ends')
    return { subject: `[OVER] ${plan}: ${alert}`, body: `It rang for ${lasted}, since ${isoTime(beganMs)}.` };
  const more = of.length > 1 ? ` (and ${of.length - 1} more)` : '';
  const left = of.length - limits.alarmLinesMax;
  const lines = [...of.slice(0, limits.alarmLinesMax), ...(left > 0 ? [`… and ${left} more`] : [])];
  const since = state === 'begins' ? '' : `It rings for ${lasted}, since ${isoTime(beganMs)}. `;
  return {
    subject: `[${severity.toUpperCase()}] ${plan}: ${of[0] ?? alert}${more}`,
    body: [
      ...lines,
      '',
      `${since}The alarm is ${alert}. It is told again every ${formatDuration(remindMs)} while it lasts; lifeboat status says how all stands.`,
    ].join('\n'),
  };
}
