import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { Patience } from './patience.ts';

const tries = (times: readonly number[]): Patience => {
  let nowMs = 0;
  const patience = new Patience({ elapsed: () => nowMs } as Clock, 2);
  for (const ms of times) patience.measure(() => (nowMs += ms));
  return patience;
};

test('patience is kept with what is quick, and late only now and then', () => {
  expect(tries(Array.from({ length: 1000 }, (_, i) => (i % 20 === 0 ? 500 : 0.1))).isLost).toBe(false);
});

test('patience is lost soon with what is always slow, and sooner with what is slower', () => {
  expect(tries(Array.from({ length: 25 }, () => 3)).isLost).toBe(true);
  expect(tries(Array.from({ length: 11 }, () => 8)).isLost).toBe(true);
});

test('patience is regained by quick answers, and lost again by slow ones', () => {
  const patience = tries(Array.from({ length: 20 }, () => 8));
  patience.regain();
  expect(patience.isLost).toBe(false);
});
