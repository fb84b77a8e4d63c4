import * as fc from 'fast-check';
import type { VerifyOptions } from '../../repository.ts';
import type { Death } from './handle.ts';

export type Harm = 'drop' | 'flip' | 'cut' | 'grow' | 'empty' | 'swap';

export type Action =
  | {
      readonly do: 'backup';
      readonly files: readonly number[];
      readonly dies: Death | undefined;
      readonly stops: boolean;
    }
  | { readonly do: 'verify'; readonly depth: VerifyOptions['depth'] }
  | { readonly do: 'forget'; readonly which: number }
  | { readonly do: 'restore'; readonly which: number }
  | { readonly do: 'reopen' }
  | Replicating
  | {
      readonly do: 'prune';
      readonly dies: Death | undefined;
      /** Which of the writers at work is given up, alive or not. */
      readonly evicts: number | undefined;
      readonly rewriteBytesMax: number;
    }
  | Harmful;

export interface Replicating {
  readonly do: 'replicate';
  readonly dies: Death | undefined;
  /** Whose call it dies at: one to the store that is copied, or one to the copy. */
  readonly diesAt: 'source' | 'copy';
  /** Before it, a point is forgotten in the copy and the copy pruned. */
  readonly prunesCopy: number | undefined;
  readonly hasKey: boolean;
}

export interface Harmful {
  readonly do: 'harm';
  readonly how: Harm;
  readonly kind: string;
  readonly which: number;
  readonly at: number;
}

export interface Program {
  /** Backups before all of that, so that there is something to forget. */
  readonly prelude: readonly (readonly number[])[];
  /** What each process does, one thing after another. */
  readonly actors: readonly (readonly Action[])[];
  /** Whose call goes next, again and again. */
  readonly choices: readonly number[];
  /** Harm that comes when all of that is over: half of it before a last backup, half of it after. */
  readonly aftermath: readonly Harmful[];
}

/** Sizes of the contents that files have: nothing, little, one pack, several chunks, zeros. */
export const contentSizes = [0, 10, 2_000, 30_000, 70_000, 300_000, 200_000] as const;

const which = fc.nat(20);
const files = fc.array(fc.nat(contentSizes.length - 1), { maxLength: 5, size: 'max' });
const death = fc.record({ afterCalls: fc.nat(25), takesEffect: fc.boolean() });

const backup: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('backup'),
  files,
  dies: fc.option(death, { nil: undefined, freq: 3 }),
  stops: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
});
const verify: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('verify'),
  depth: fc.constantFrom('structure', 'points', 'everything'),
});
const harmOf = (kinds: readonly string[]): fc.Arbitrary<Harmful> =>
  fc.record({
    do: fc.constant('harm'),
    how: fc.constantFrom('flip', 'flip', 'flip', 'flip', 'drop', 'cut', 'grow', 'empty', 'swap'),
    kind: fc.constantFrom(...kinds),
    which,
    // Chances of doubles gather at zero, where an object has its header.
    at: fc.integer({ min: 0, max: 9999 }).map((tenThousandths) => tenThousandths / 10_000),
  });
const harm = harmOf(['packs/', 'packs/', 'packs/', 'index/', 'points/', 'keys/', 'repository']);
const harmToPacks = harmOf(['packs/']);
const prune: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('prune'),
  dies: fc.option(fc.record({ afterCalls: fc.nat(60), takesEffect: fc.boolean() }), { nil: undefined, freq: 3 }),
  evicts: fc.option(which, { nil: undefined, freq: 2 }),
  rewriteBytesMax: fc.constantFrom(0, 50_000, 10_000_000),
});
const replicating: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('replicate'),
  dies: fc.option(fc.record({ afterCalls: fc.nat(40), takesEffect: fc.boolean() }), { nil: undefined, freq: 3 }),
  diesAt: fc.constantFrom('source', 'copy'),
  prunesCopy: fc.option(which, { nil: undefined, freq: 2 }),
  hasKey: fc.boolean(),
});
const others: fc.Arbitrary<Action>[] = [
  fc.record({ do: fc.constant('forget'), which }),
  fc.record({ do: fc.constant('forget'), which }),
  prune,
  prune,
  fc.record({ do: fc.constant('restore'), which }),
  fc.record({ do: fc.constant('reopen') }),
];

/** Programs of one to three processes. Half of them never harm anything: there everything must be green, always. */
export const programs: fc.Arbitrary<Program> = fc.boolean().chain((harmful) => {
  const action = fc.oneof(
    { weight: 5, arbitrary: backup },
    { weight: 2, arbitrary: verify },
    { weight: 4, arbitrary: replicating },
    ...others.map((arbitrary) => ({ weight: 1, arbitrary })),
    ...(harmful ? [{ weight: 3, arbitrary: harm }] : []),
  );
  return fc.record({
    prelude: fc.array(files, { maxLength: 3, size: 'max' }),
    actors: fc.array(fc.array(action, { minLength: 1, maxLength: 5, size: 'max' }), {
      minLength: 1,
      maxLength: 3,
      size: 'max',
    }),
    choices: fc.array(fc.nat(5), { minLength: 1, maxLength: 200, size: 'max' }),
    aftermath: fc.array(fc.oneof(harm, harmToPacks), {
      minLength: harmful ? 2 : 0,
      maxLength: harmful ? 6 : 0,
      size: 'max',
    }),
  });
});
