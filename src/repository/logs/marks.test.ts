import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { seed } from '../../testing/seed.ts';
import { decodeMarks, encodeMarks } from './marks.ts';

const position = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const ms = fc.oneof(fc.integer({ min: 0, max: 2 ** 43 }), fc.double({ min: 0, max: 2 ** 43, noNaN: true }));
const marks = fc.record(
  {
    completeToMs: ms,
    commits: fc.record({ count: fc.integer({ min: 1 }), oldestMs: ms, newestMs: ms, newestEnd: position }),
    transactions: fc.tuple(fc.nat(2 ** 32 - 1), fc.nat(2 ** 32 - 1)),
    names: fc.array(fc.record({ name: fc.string({ unit: 'grapheme' }), at: position, atMs: ms }), { maxLength: 5 }),
  },
  { requiredKeys: ['names'], noNullPrototype: true },
);

it('marks are read as they were written, whatever of them is there', () => {
  fc.assert(
    fc.property(marks, (given) => {
      expect(decodeMarks(encodeMarks(given), 'logs/one')).toEqual(given);
    }),
    { seed },
  );
});
