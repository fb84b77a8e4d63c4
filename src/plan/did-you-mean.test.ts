import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { didYouMean, editDistance, nearest } from './did-you-mean.ts';

test('what is nearly right is offered', () => {
  expect(didYouMean('polcy', ['policy', 'plan'])).toBe('Did you mean policy?');
  expect(didYouMean('at_least', ['atLeast'])).toBe('Did you mean atLeast?');
  expect(nearest('retsore', ['restore', 'retry'])).toBe('restore');
});

test('where nothing is near, what there is is listed', () => {
  expect(didYouMean('zebra', ['policy', 'plan'])).toBe('Known here: policy, plan.');
  expect(didYouMean('zebra', [])).toBeUndefined();
});

test('the distance is symmetric, zero only for the same word, and at most the longer word', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abc'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});
