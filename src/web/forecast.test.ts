import { expect, it } from 'vitest';
import type { Step } from '../api/contract/index.ts';
import { forecastOf } from './ui/rooms/runs/forecast.ts';

const startMs = Date.parse('2026-01-01T00:00:00Z');
const step = (id: string, state: Step['state'], plannedSeconds: number | null, more: Partial<Step> = {}): Step =>
  ({ id, state, plannedSeconds, within: null, startedAt: null, ...more }) as Step;
const startedAt = new Date(startMs).toISOString();

it('a forecast counts what is left along the longest way: each step inside a group once, what runs for the rest of its time', () => {
  const steps = [
    step('done', 'done', 100, { startedAt }),
    step('group', 'running', 300, { startedAt }),
    step('inside', 'running', 60, { startedAt, within: 'group' }),
    step('beside', 'running', 500, { startedAt, within: 'group' }),
    step('late', 'needs-human', 10, { startedAt }),
    step('last', 'pending', 40),
    step('unplanned', 'pending', null),
  ];
  const criticalPath = ['done', 'group', 'inside', 'late', 'last', 'unplanned'];
  expect(forecastOf({ steps, criticalPath }, startMs + 20_000)).toEqual({ leftSeconds: 80, unplanned: 1 });
});
