import { assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { chance, isTimeId, timeId, timeOfId } from './ids.ts';

it('an id carries its time, and sorts by it', () => {
  const time = integer({ min: 0, max: 2 ** 48 - 1 });
  assert(
    property(time, time, (a, b) => {
      expect(timeOfId(timeId(a))).toBe(a);
      expect(isTimeId(timeId(a))).toBe(true);
      if (a < b) expect(timeId(a) < timeId(b)).toBe(true);
    }),
  );
});

it('ids of one moment differ', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => timeId(5))).size).toBe(10_000);
  expect(chance(8)).toMatch(/^[0-9a-hjkmnp-tv-z]{8}$/);
});

it('what only looks like an id is none', () => {
  const id = timeId(5);
  for (const text of ['', id.slice(1), `${id}0`, id.toUpperCase(), `i${id.slice(1)}`, `../${id.slice(3)}`]) {
    expect(isTimeId(text) && text !== id).toBe(false);
  }
});

it('a moment that is no whole number of milliseconds has no id', () => {
  for (const ms of [0.5, Number.NaN, -1, Infinity]) expect(() => timeId(ms)).toThrow(RangeError);
});
