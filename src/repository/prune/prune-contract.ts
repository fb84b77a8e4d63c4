import type { Clock, Progress } from '../../core/index.ts';
import type { Damage } from '../repository.ts';

export interface PruneOptions {
  readonly clock: Clock;
  readonly host: string;
  /** Changes nothing. */
  readonly dryRun: boolean;
  /** With `dryRun`: as if these points were forgotten. */
  readonly without?: ReadonlySet<string>;
  /** Chunks that are still needed are moved out of packs that are mostly not, up to so many bytes; default: a share of the store. */
  readonly rewriteBytesMax?: number | undefined;
  /** What is needed of packs that were sealed under an earlier key epoch is written anew under the newest, before anything else, within `rewriteBytesMax`. */
  readonly rekey?: boolean;
  /** Writers, by the ids of their sessions, that a person knows to be dead: the names of their points are claimed. */
  readonly evict?: readonly string[];
  /** Objects that were found damaged: a chunk in one of them is none to count on. */
  readonly distrust?: ReadonlySet<string>;
  /** Asked once before anything is deleted, with what would go. A throw ends the prune, and nothing has changed. */
  readonly approve?: (plan: PrunePlan) => Promise<void>;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface Amount {
  readonly packs: number;
  readonly bytes: number;
}

/** What the store holds and what would become of it. */
export interface PrunePlan {
  readonly points: number;
  readonly broken: readonly string[];
  /** All packs that the store lists. */
  readonly held: Amount;
  /** Needed by a point or kept for another reason. */
  readonly kept: Amount;
  /** Nothing in them is needed, and they are not condemned yet. */
  readonly unneeded: Amount;
  /** Condemned by an earlier prune, and not needed. */
  readonly condemned: Amount;
  /** Hold little that is needed; `movedBytes` of it are written anew. */
  readonly rewritten: Amount & { readonly movedBytes: number };
  /** Needed, and sealed under an earlier key epoch; `movedBytes` of what is needed of them is written anew, where that was asked for. */
  readonly outdated: Amount & { readonly movedBytes: number };
  /** Hold something that is not needed, and are left for another day: the bound on rewriting, or too little to gain. */
  readonly partlyUnused: Amount & { readonly unusedBytes: number };
  /** May belong to a backup that is at work. */
  readonly busy: Amount;
  /** Cannot be read, so that nobody knows what they hold. */
  readonly unreadable: Amount;
  /** Writers that may be at work. */
  readonly writers: readonly OpenWriter[];
  readonly damage: readonly Damage[];
}

export interface OpenWriter {
  readonly id: string;
  readonly host: string;
  readonly asset: string;
  readonly started: string;
  /** Whether its process was seen alive on this host; of another host's nothing is known. */
  readonly alive: boolean;
}

export interface PruneResult extends PrunePlan {
  readonly deleted: Amount;
  /** Condemned packs that stay for now, because of these writers. */
  readonly waiting: Amount & { readonly writers: readonly string[] };
  /** Condemned packs that a point needs: they go when that has another place for its chunks. */
  readonly neededAgain: Amount;
  /** The store keeps these: a lock, a hold. */
  readonly retained: readonly { readonly object: string; readonly bytes: number; readonly reason: string }[];
  readonly indexes: { readonly written: number; readonly removed: number };
  readonly evicted: readonly string[];
  /** Sessions of dead processes, claims nobody needs any more, lists of packs that are gone. */
  readonly swept: readonly string[];
  /** A list of condemned packs cannot be read, so that nothing could be deleted safely. */
  readonly blockedBy: readonly string[];
}
