import type { Run } from '../../../../api/contract/index.ts';
import { clockTime, count } from '../../data/words.ts';

/** When the server expects a run to be over, as a screen says it: a moment that has passed is now, for it is not over. */
export interface Shown {
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** Steps that nothing is known of: it takes longer than this. */
  readonly isLeast: boolean;
  /** What it rests on, for people. */
  readonly words: string;
}

export function forecastShown({ forecast }: Pick<Run, 'forecast'>, nowMs: number): Shown | undefined {
  if (forecast === null) return undefined;
  const [p50Ms, p90Ms] = [forecast.p50At, forecast.p90At].map((at) => Math.max(nowMs, Date.parse(at))) as [
    number,
    number,
  ];
  return { p50Ms, p90Ms, isLeast: forecast.unknown.length > 0, words: wordsOf(forecast, p50Ms, p90Ms) };
}

function wordsOf(forecast: NonNullable<Run['forecast']>, p50Ms: number, p90Ms: number): string {
  const { measured, runs, budgeted, unknown } = forecast;
  const rest = unknown.length === 0 ? '' : `; nothing is known of ${unknown.join(', ')}`;
  if (measured.length === 0)
    return budgeted.length === 0
      ? `over at ${clockTime(p50Ms)}${rest}`
      : `over at ${clockTime(p50Ms)} if each step takes its budget${rest}`;
  const by = `by ${count(runs ?? 0, 'earlier run')}${budgeted.length === 0 ? '' : ` and ${count(budgeted.length, 'budget')}`}`;
  return `over at ${clockTime(p50Ms)} (P50) or ${clockTime(p90Ms)} (P90), ${by}${rest}`;
}
