import type { Clock, Progress } from '../../core/index.ts';
import type { Amount } from '../prune/index.ts';

export interface CoolOptions {
  readonly clock: Clock;
  readonly host: string;
  /** Changes nothing. */
  readonly dryRun: boolean;
  /** The storage class of each point whose tier has begun, by its id. What any other point needs stays where it is. */
  readonly classes: ReadonlyMap<string, string>;
  /** Bytes written anew to keep apart what is cold and what is not; default: a share of the store. */
  readonly rewriteBytesMax?: number | undefined;
  /** Objects that were found damaged: they stay where they can be read. */
  readonly distrust?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export type ClassAmount = Amount & { readonly class: string };

export interface CoolResult {
  /** Packs that went to a colder class now; of a dry run, that would go. */
  readonly moved: readonly ClassAmount[];
  /** Announced: they move when these writers, which may count on them, have ended. */
  readonly waiting: Amount & { readonly writers: readonly string[] };
  /** Hold cold and other content: `movedBytes` of it were written anew, each kind apart; the next runs move the cold. */
  readonly separated: Amount & { readonly movedBytes: number };
  /** Hold cold content, and something that must stay readable: left for another day, or too little to gain. */
  readonly mixed: Amount & { readonly coldBytes: number };
  /** Only cold content, and too small for a class that counts each object as much more. */
  readonly small: Amount;
  /** What lies in cold classes after this run. */
  readonly lies: readonly ClassAmount[];
  /** Frozen, and needed by points whose tier has not begun: those must thaw before they are restored. */
  readonly neededFrozen: Amount;
  /** The store keeps these as they are, with its reason. */
  readonly retained: readonly { readonly object: string; readonly bytes: number; readonly reason: string }[];
}

/** What a point needs of packs in cold classes. */
export interface ColdPart {
  /** In the plan's words, the coldest last. */
  readonly classes: readonly string[];
  /** Names of the packs that must thaw; none where its classes can be read at once. */
  readonly frozen: readonly string[];
  /** Bytes of all packs of these classes that it needs. */
  readonly bytes: number;
}
