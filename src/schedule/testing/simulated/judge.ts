import { startPrometheus, type TestPrometheus } from '../../../testing/prometheus/index.ts';
import type { AlertRule, AlertRules } from '../../index.ts';
import type { SeriesRecord } from './series.ts';

const minuteMs = 60_000;
/** A Prometheus gives no more steps at once. */
const stepsAtOnce = 10_000;

/** A stretch in which an alert rang without a break; minutes since the start of the record. */
export interface Rang {
  readonly alert: string;
  /** What for: the labels by which its series differ. */
  readonly of: string;
  readonly fromMinute: number;
  /** The last minute in which it rang. */
  readonly toMinute: number;
}

/**
 * What rules say of a record at every minute of it, as a real Prometheus judges it: each expression is asked over the whole record, and what held on for the
 * time that the rule asks for rang.
 */
export async function rangIn(
  { groups }: Pick<AlertRules, 'groups'>,
  record: SeriesRecord,
  { startMs, endMs }: { startMs: number; endMs: number },
): Promise<Rang[]> {
  const flags = ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=50y'];
  const prometheus = await startPrometheus({ global: {} }, { flags: [...flags, '--query.max-samples=500000000'] });
  try {
    await record.writeTo(prometheus);
    const rang: Rang[] = [];
    for (const rule of groups.flatMap(({ rules }) => rules))
      for (const [of, minutes] of await heldAt(prometheus, rule, startMs, endMs))
        rang.push(...stretches(minutes, minutesOf(rule.for)).map((stretch) => ({ alert: rule.alert, of, ...stretch })));
    return rang.toSorted((one, other) => one.fromMinute - other.fromMinute || (one.alert < other.alert ? -1 : 1));
  } finally {
    await prometheus.stop();
  }
}

/** The minutes in which an expression gave something, for each of its series. */
async function heldAt(
  prometheus: TestPrometheus,
  { expr, labels }: AlertRule,
  startMs: number,
  endMs: number,
): Promise<Map<string, number[]>> {
  const held = new Map<string, number[]>();
  for (let fromMs = startMs; fromMs <= endMs; fromMs += stepsAtOnce * minuteMs) {
    const toMs = Math.min(endMs, fromMs + (stepsAtOnce - 1) * minuteMs);
    const { result } = (await prometheus.ask('query_range', {
      query: expr,
      start: String(fromMs / 1000),
      end: String(toMs / 1000),
      step: '60',
    })) as { result: { metric: Record<string, string>; values: [number, string][] }[] };
    for (const { metric, values } of result) {
      // A label of the rule goes before one of the series.
      const all: Readonly<Record<string, string>> = { ...metric, ...labels };
      const names = ['task', 'policy', 'asset', 'drill', 'store', 'instance'].flatMap((key) => all[key] ?? []);
      const of = names.filter((one) => one !== 'here').join(' ');
      const minutes = values.map(([seconds]) => Math.round((seconds * 1000 - startMs) / minuteMs));
      held.set(of, [...(held.get(of) ?? []), ...minutes]);
    }
  }
  return held;
}

/** What held on for so long rings from then on, until it does not hold. */
function stretches(minutes: readonly number[], forMinutes: number): { fromMinute: number; toMinute: number }[] {
  const found: { fromMinute: number; toMinute: number }[] = [];
  let from = Number.NaN;
  minutes.forEach((minute, at) => {
    if (minutes[at - 1] !== minute - 1) from = minute;
    if (minutes[at + 1] !== minute + 1 && minute - from >= forMinutes)
      found.push({ fromMinute: from + forMinutes, toMinute: minute });
  });
  return found;
}

/** `5m`, `3600s` */
function minutesOf(text = '0s'): number {
  const [, digits, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600, d: 86_400 }[unit];
  if (seconds === undefined) throw new Error(`"${text}" is no time`);
  return Math.ceil((Number(digits) * seconds) / 60);
}
