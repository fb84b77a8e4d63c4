import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { isLifeboatError, type LifeboatError } from '../../../core/index.ts';
import { combineShares, readShare, splitFreshIdentity, type SplitIdentity } from './index.ts';

const sizes = fc
  .integer({ min: 2, max: 6 })
  .chain((of) => fc.record({ of: fc.constant(of), needed: fc.integer({ min: 2, max: of }) }));
const given = (split: SplitIdentity, numbers: readonly number[]): Parameters<typeof combineShares>[0] =>
  numbers.map((number) => {
    const text = split.shares[number - 1]?.words.reveal() ?? '';
    return { from: `sheet ${number}`, share: readShare(text, `sheet ${number}`) };
  });
const errorOf = async (work: () => unknown): Promise<LifeboatError> => {
  try {
    await work();
  } catch (error) {
    if (isLifeboatError(error)) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

describe('shares', () => {
  test('any as many as are needed give the identity back, one fewer do not', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async ({ of, needed }, chance) => {
        const split = await splitFreshIdentity({ of, needed });
        const order = Array.from({ length: of }, (_, i) => ((i + chance) % of) + 1);
        const { recipient } = await combineShares(given(split, order.slice(0, needed)));
        expect(recipient).toBe(split.recipient);
        const few = await errorOf(() => combineShares(given(split, order.slice(0, needed - 1))));
        expect(few.code).toBe('share.few');
        const twice = [...order.slice(0, needed - 1), order[0] as number];
        expect((await errorOf(() => combineShares(given(split, twice)))).code).toBe('share.few');
      }),
      { numRuns: 25 },
    );
  });

  test('one or two words that are not as printed are named by their numbers, and no word is repeated', async () => {
    const split = await splitFreshIdentity({ of: 2, needed: 2 });
    const words = (split.shares[0]?.words.reveal() ?? '').split(' ');
    const place = fc.integer({ min: 0, max: words.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(place, { minLength: 1, maxLength: 2 }),
        fc.integer({ min: 1, max: 2047 }),
        async (places, by) => {
          const typed = [...words];
          for (const at of places) typed[at] = wordlist[(wordlist.indexOf(typed[at] as string) + by) % 2048] as string;
          const { code, message } = await errorOf(() => readShare(typed.join(' '), 'a sheet'));
          expect(code).toBe('share.damaged');
          const named = places.map((at) => at + 1).toSorted((a, b) => a - b);
          expect(message).toContain(named.length === 1 ? `word ${named[0]} is` : `words ${named.join(', ')} are`);
        },
      ),
    );
  });

  test('a word that is none, a word too few and swapped words are told', async () => {
    const split = await splitFreshIdentity({ of: 2, needed: 2 });
    const words = (split.shares[0]?.words.reveal() ?? '').split(' ');
    expect((await errorOf(() => readShare(words.with(4, 'lifeboat').join(' '), 'it'))).message).toContain(
      'word 5 is not in',
    );
    expect((await errorOf(() => readShare(words.slice(1).join(' '), 'it'))).message).toContain('33 words');
    const at = words.findIndex((word, i) => word !== words[i + 1]);
    const swapped = words.with(at, words[at + 1] as string).with(at + 1, words[at] as string);
    const message = (await errorOf(() => readShare(swapped.join(' '), 'it'))).message;
    expect(message).toContain(`words ${at + 1}, ${at + 2} are not as printed`);
  });

  test('capitals, numbers, lines and four letters of each word are as good', async () => {
    const split = await splitFreshIdentity({ of: 2, needed: 2 });
    const words = (split.shares[0]?.words.reveal() ?? '').split(' ');
    const typed = words.map((word, i) => `${i + 1}. ${word.slice(0, 4).toUpperCase()}\n`).join('  ');
    expect(readShare(typed, 'it')).toEqual(readShare(words.join(' '), 'it'));
  });

  test('of two splittings are never mixed', async () => {
    const [one, two] = [await splitFreshIdentity({ of: 3, needed: 2 }), await splitFreshIdentity({ of: 3, needed: 2 })];
    const mixed = await errorOf(() => combineShares([...given(one, [1]), ...given(two, [2])]));
    expect(mixed.code).toBe('share.mixed');
    expect(mixed.message).toContain(one.set);
    expect(mixed.message).toContain(two.set);
  });
});
