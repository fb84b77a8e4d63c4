import type { Command } from './command.ts';

export interface CommandEntry {
  /** `restore`, or with its group `store init`. */
  readonly name: string;
  /** One line for the list of commands; no full stop. */
  readonly summary: string;
  readonly heading: Heading;
  readonly load: () => Promise<{ readonly command: Command }>;
}

type Heading = 'Plan:' | 'Protect:' | 'Recover:' | 'Rehearse:' | 'Keys and stores:';

/** Every command there is, in the order help shows them. The only place that names their files. */
export const commandTable: readonly CommandEntry[] = [];

/** What stands before the second word of a command. */
export const groups: Readonly<Record<string, { readonly summary: string; readonly heading: Heading }>> = {
  store: { summary: 'the places where copies live', heading: 'Keys and stores:' },
  keys: { summary: 'who can open the copies', heading: 'Keys and stores:' },
  run: { summary: 'one execution of a procedure', heading: 'Rehearse:' },
};
