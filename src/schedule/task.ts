import type { Calendar } from '../plan/index.ts';

/** One thing that a plan wants done again and again. */
export interface Task {
  /** `backup orders`: names it among all of a plan, in records, metrics and messages. */
  readonly id: string;
  readonly work: Work;
  /** Its turns; several calendars add up. */
  readonly calendars: readonly Calendar[];
  /** Where it never ran it is due as soon as it is known, and does not wait for its first turn. */
  readonly atOnce: boolean;
  /** It begins a little after its turn, each task at its own distance, so that what shares a turn does not begin in one moment. */
  readonly spread: boolean;
  /** Tasks that are due when this one was done. */
  readonly wakes: readonly string[];
}

export type Work =
  /** `stores`: where its points go. */
  | { readonly kind: 'backup'; readonly asset: string; readonly stores: readonly string[] }
  | { readonly kind: 'copy'; readonly from: string; readonly to: string }
  | { readonly kind: 'verify'; readonly policy: string; readonly assets: readonly string[] }
  | { readonly kind: 'prune'; readonly store: string }
  | { readonly kind: 'drill'; readonly drill: string };

export type WorkKind = Work['kind'];

/** How one try of a task ended. */
export type Outcome =
  | { readonly state: 'done'; readonly words: string }
  /** It took place, and what it found is bad: a drill that failed, damage. Tried again only at its next turn. */
  | { readonly state: 'red'; readonly words: string; readonly code: string }
  /** It could not take place. Tried again before its next turn. */
  | { readonly state: 'failed'; readonly words: string; readonly code: string; readonly soon: boolean }
  /** It was told to stop. Due again at once, when somebody is there to do it. */
  | { readonly state: 'stopped'; readonly words: string };
