import type { LifeboatError } from '../../core/index.ts';
import type { SchedulerEvent } from '../../schedule/index.ts';

/** What a server says of itself, one line each. */
export type ServeEvent =
  | SchedulerEvent
  | { readonly event: 'listening'; readonly url: string }
  /** There is no account yet: whoever knows the code makes the first. */
  | { readonly event: 'set_up'; readonly code: string; readonly url: string }
  | { readonly event: 'standing_by'; readonly words: string }
  | {
      readonly event: 'keeping';
      readonly stores: readonly string[];
      readonly without: readonly string[];
      readonly tasks: number;
      readonly streams: number;
      /** What comes first, by its name. */
      readonly next: { readonly task: string; readonly atMs: number } | undefined;
    }
  | { readonly event: 'plan_refused'; readonly error: LifeboatError }
  | { readonly event: 'lost'; readonly words: string }
  | { readonly event: 'stopping'; readonly running: readonly string[] }
  | { readonly event: 'stream'; readonly asset: string; readonly words: string };
