import type { AlertRule, AlertRules } from './alerts/index.ts';
import { evaluate } from './promql/evaluate.ts';
import { durationMs, readExpression, type Expression } from './promql/read.ts';
import { keyOf, Series, type History, type Value } from './promql/series.ts';

/** One thing that rings now. */
export interface Alarm {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  /** For people. */
  readonly words: string;
}

/**
 * The rules that Prometheus rings by, judged by ourselves on the very text that it would scrape: where none stands, people are told all the same, of the
 * same things. A rule rings when it holds for as long as it asks for.
 */
export class Ringing {
  readonly #rules: readonly { readonly rule: AlertRule; readonly expression: Expression }[];
  /** Rules whose words are beyond what we judge: they are left to a Prometheus. */
  readonly left: readonly string[];
  readonly #since = new Map<string, number>();

  constructor({ groups }: Pick<AlertRules, 'groups'>) {
    const read = groups.flatMap(({ rules }) => rules.map((rule) => ({ rule, expression: readExpression(rule.expr) })));
    this.#rules = read.flatMap(({ rule, expression }) => (expression === undefined ? [] : [{ rule, expression }]));
    this.left = read.flatMap(({ rule, expression }) => (expression === undefined ? [rule.alert] : []));
  }

  /** `rang`: what rang before this process began rings on at once, for it has held long enough. */
  judge(text: string, nowMs: number, history: History, rang: (alert: string) => boolean): Alarm[] {
    const series = new Series(text, nowMs, history);
    const holding = new Set<string>();
    const alarms = this.#rules.flatMap(({ rule, expression }) =>
      evaluate(expression, series).flatMap((value) => {
        const labels = { ...value.labels, ...rule.labels };
        const key = keyOf(rule.alert, labels);
        holding.add(key);
        const sinceMs = this.#since.get(key) ?? nowMs;
        this.#since.set(key, sinceMs);
        const isLong = nowMs - sinceMs >= durationMs(rule.for ?? '0s');
        return isLong || rang(rule.alert) ? [{ alert: rule.alert, labels, words: wordsOf(rule, labels, value) }] : [];
      }),
    );
    for (const key of this.#since.keys()) if (!holding.has(key)) this.#since.delete(key);
    return alarms;
  }
}

const wordsOf = ({ annotations }: AlertRule, labels: Readonly<Record<string, string>>, { value }: Value): string =>
  (annotations['summary'] ?? '')
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll('{{ $value }}', String(value));
