import type { WorkOptions } from './asset.ts';
import type { LogReader } from './log.ts';

/** A copy of a source that goes on replaying the log from a store, without a link to the source, until it takes the source's place. */
export interface StandbyKeeping {
  /** What a folder that `prepare` made says of itself; `undefined` for any other. */
  noteOf(folder: string): Promise<StandbyNote | undefined>;
  /** Makes a restored copy that was never started (`Asset.apply`) a standby. */
  prepare(folder: string, note: StandbyNote): Promise<void>;
  /**
   * Starts the standby, or takes over one that still runs, and brings it log until the signal comes (then it is stopped), the promotion
   * that was ordered is done (then it runs on), or it cannot follow any more. Throws what starting throws, and `restore.check_failed` for a promotion that
   * did not come where it should.
   */
  follow(folder: string, options: FollowOptions): Promise<FollowEnd>;
  /** It is no standby any more: its note goes. */
  release(folder: string): Promise<void>;
  /** Ends a server that still runs on the folder. */
  stop(folder: string): Promise<void>;
  /** Whether the source (`StandbyNote.source`) takes writes now, asked of it. */
  fence(source: string, options?: WorkOptions): Promise<FenceAnswer>;
}

export interface StandbyNote {
  readonly asset: string;
  readonly store: string;
  /** The point that it began as, and the facts of that. */
  readonly point: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** What the source calls its log. */
  readonly source: string;
}

export interface FollowOptions {
  readonly log: LogReader;
  readonly note: StandbyNote;
  readonly port?: number;
  /** The least time between two looks into the store, milliseconds. */
  readonly everyMs: number;
  say(state: StandbyState): void;
  /** Asked at every look: whether it shall take the source's place now. */
  ordered(): boolean;
  readonly signal: AbortSignal;
}

export interface StandbyState {
  readonly state: 'starting' | 'following' | 'waiting';
  /** Why it waits. */
  readonly reason?: string;
  /** Without a password. */
  readonly url?: string;
  /** Where it listens beside that: `127.0.0.1:5440`, where a role gives its password. */
  readonly address?: string;
  readonly timeline?: number;
  /** How far it replayed, and how far the log in the store goes. */
  readonly replayed?: string;
  readonly stored?: string;
  readonly behindBytes?: number;
  /** For how long, at most, the store has had what is not replayed yet; 0 when all of it is. */
  readonly behindSeconds?: number;
  /** The time that the last replayed commit bears, milliseconds since 1970. */
  readonly newestCommitMs?: number;
}

export type FollowEnd =
  | { readonly end: 'stopped' }
  /** It cannot follow: the log it needs is gone, or the source went on from before what it replayed. */
  | { readonly end: 'lost'; readonly reason: string }
  | { readonly end: 'promoted'; readonly promotion: Promotion };

export interface Promotion {
  readonly url: string;
  /** As `StandbyState.address`. */
  readonly address?: string;
  readonly pid: number;
  readonly reached: string;
  readonly timeline: number;
  readonly newestCommitMs: number | undefined;
  /** From the order to the first answer of the server that takes writes. */
  readonly seconds: number;
  readonly warnings: readonly string[];
}

export interface FenceAnswer {
  /** `unknown`: nobody answered, or somebody else did. */
  readonly source: 'writable' | 'read-only' | 'unknown';
  /** What was seen: a sentence without a full stop. */
  readonly what: string;
}
