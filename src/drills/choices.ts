import { createHash, randomBytes } from 'node:crypto';

/** What a drill leaves to chance, all of it by one seed: with the same one it chooses the same. */
export interface Choices {
  readonly seed: string;
  /**
   * One of them, by what it is for; undefined: there is none. Each draws its own lot: neither their order decides, nor what went or came beside the one
   * that was chosen, unless what came drew a smaller lot.
   */
  pick(what: string, from: readonly string[]): string | undefined;
}

export function choicesBy(seed = randomBytes(8).toString('hex')): Choices {
  return {
    seed,
    pick: (what, from) => {
      const lots = from.map((one) => ({ one, lot: lotOf(seed, what, one) }));
      return lots.toSorted((one, other) => (one.lot < other.lot ? -1 : 1))[0]?.one;
    },
  };
}

const lotOf = (...of: readonly string[]): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');
