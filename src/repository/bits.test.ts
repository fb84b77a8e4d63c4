import { expect, it } from 'vitest';
import { Bits } from './bits.ts';

it('a set of ordinals holds all that a table of chunks may have, beyond what fits 31 bits', () => {
  const bits = new Bits();
  const some = [0, 7, 8, 2 ** 20 + 3, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 9];
  for (const one of some) bits.add(one);
  expect(some.filter((one) => !bits.has(one))).toEqual([]);
  for (const one of some) expect(bits.has(one + 2), `${one + 2}`).toBe(false);
});
