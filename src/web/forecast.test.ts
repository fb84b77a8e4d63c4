import { expect, it } from 'vitest';
import type { Run } from '../api/contract/index.ts';
import { forecastShown } from './ui/rooms/runs/forecast.ts';

const nowMs = new Date(2026, 0, 1, 12, 0, 0).getTime();
const at = (seconds: number): string => new Date(nowMs + seconds * 1000).toISOString();
const words = (forecast: Partial<NonNullable<Run['forecast']>>): string | undefined =>
  forecastShown(
    {
      forecast: { p50At: at(60), p90At: at(90), measured: [], runs: null, budgeted: [], unknown: [], ...forecast },
    },
    nowMs,
  )?.words;

it('a forecast says what it rests on: earlier runs, how many, budgets, and of which steps nothing is known', () => {
  expect(words({ measured: ['a', 'b'], runs: 4 })).toBe('over at 12:01:00 (P50) or 12:01:30 (P90), by 4 earlier runs');
  expect(words({ measured: ['a'], runs: 3, budgeted: ['b'] })).toBe(
    'over at 12:01:00 (P50) or 12:01:30 (P90), by 3 earlier runs and 1 budget',
  );
  expect(words({ budgeted: ['a', 'b'] })).toBe('over at 12:01:00 if each step takes its budget');
  expect(words({ budgeted: ['a'], unknown: ['b'] })).toBe(
    'over at 12:01:00 if each step takes its budget; nothing is known of b',
  );
});

it('a run that should have been over is over any moment, and not in the past; one whose clock has stopped has no forecast', () => {
  const forecast = { p50At: at(-5), p90At: at(9), measured: ['a'], runs: 3, budgeted: [], unknown: ['b'] };
  expect(forecastShown({ forecast }, nowMs)).toMatchObject({ p50Ms: nowMs, p90Ms: nowMs + 9_000, isLeast: true });
  expect(forecastShown({ forecast: null }, nowMs)).toBeUndefined();
});
