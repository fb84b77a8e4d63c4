import { expect, it } from 'vitest';
import { killLifeAt } from '../testing/kill-life.ts';

// The long test kills at every record; these are: asking, a first word of two, going on, a choice, a step of a called scenario.
it.each([3, 7, 10, 24, 34] as const)(
  'a run with people in it that is killed at record %i goes on with each effect once',
  async (call) => {
    expect(await killLifeAt(call, call % 2 === 0 ? 'before' : 'after')).toBe(true);
  },
  60_000,
);
