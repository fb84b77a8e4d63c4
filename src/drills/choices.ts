import { createHash, randomBytes } from 'node:crypto';

/** What a drill leaves to chance, all of it by one seed: with the same one it chooses the same. */
export interface Choices {
  readonly seed: string;
  /** One of them, by what it is for; undefined: there is none. The order in which they are given decides nothing. */
  pick(what: string, from: readonly string[]): string | undefined;
}

export function choicesBy(seed = randomBytes(8).toString('hex')): Choices {
  return {
    seed,
    pick: (what, from) => {
      const number = createHash('sha256')
        .update(JSON.stringify([seed, what]))
        .digest()
        .readUIntBE(0, 6);
      return from.toSorted()[number % Math.max(1, from.length)];
    },
  };
}
