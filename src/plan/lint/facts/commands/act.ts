import type { Command } from './shell.ts';

/**
 * What a step does to the world, in the words that rules reason with, whether its kind says it or its command does.
 * `what` names the thing, with its sort before it: `namespace:shop`, `database:orders`, `service:postgresql`, `service:web`.
 */
export interface Act {
  readonly kind: ActKind;
  readonly what: string;
  readonly command?: Command;
  /** Of `imports`, `dumps` and `copies`: the form of the data. */
  readonly format?: Format;
  /** By a scenario that the step calls: judged there, and here only what it leaves behind. */
  readonly called?: boolean;
  /** Where files come from or go to: a path, or `s3://bucket/name`. */
  readonly file?: string;
  /** The value that is set, the environment that a manifest is for, the names that a dump holds. */
  readonly detail?: string;
}

export type ActKind =
  | 'makes'
  | 'needs'
  | 'stops'
  | 'starts'
  | 'fences'
  | 'promotes'
  | 'switches'
  | 'checks'
  | 'destroys'
  | 'restores'
  | 'imports'
  | 'dumps'
  | 'copies'
  | 'exports'
  | 'downloads'
  | 'uploads'
  | 'unpacks'
  | 'sets'
  | 'installs'
  | 'uses';

/** `sql` and `sql.gz` are read by psql; `custom`, `directory` and `tar` by pg_restore. */
export type Format = 'sql' | 'custom' | 'directory' | 'tar' | 'unknown';

/** The value behind a flag: `-n NAME`, `--namespace NAME`, `--namespace=NAME`. */
export function flag(words: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    for (const name of names) {
      if (word === name) return words[index + 1];
      if (name.startsWith('--') && word.startsWith(`${name}=`)) return word.slice(name.length + 1);
    }
  }
  return undefined;
}

export const has = (words: readonly string[], ...names: readonly string[]): boolean =>
  words.some((word) => names.includes(word));

/** Words that are neither flags nor what follows one of the flags that take a value. */
export function plainWords(words: readonly string[], valued: readonly string[] = []): string[] {
  return words.filter((word, index) => !word.startsWith('-') && !valued.includes(words[index - 1] ?? ''));
}
