import type { LogEnding } from './log-pieces.ts';

/** Up to where a log is replayed: everything there is, a moment, a position, a named place or the end of a transaction. */
export type RecoveryTarget = {
  /** Just before it instead of just after. */
  readonly exclusive?: boolean;
  /** Along this one instead of the `latest` of the log; `current`: the one that the point was taken on. */
  readonly timeline?: number | 'latest' | 'current';
} & (
  | { readonly kind: 'now' }
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'position' | 'name' | 'transaction'; readonly text: string }
);

/** A point that replay may begin at. */
export interface ReplayBase {
  readonly id: string;
  /** The moment whose data it holds. */
  readonly atMs: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface ReplayRange {
  readonly timeline: number;
  /** Positions as people write them. */
  readonly from: string;
  readonly to: string;
  readonly bytes: number;
  /** Objects that hold it, and what they take in the store. */
  readonly pieces: number;
  readonly storedBytes: number;
}

export interface ReplayedLog {
  readonly bytes: number;
  /** From when the server first asked for log until it was open; what it waited for the store is in it. */
  readonly seconds: number;
}

/** A life that a replay does not go along. */
export interface LaterLife {
  readonly timeline: number;
  /** The latest moment that its log tells of, milliseconds since 1970. */
  readonly reachableMs: number;
}

/** A way from a point to a target that was audited: nothing is missing between. */
export interface Replay {
  readonly base: string;
  /** Points that end behind the target, and would lead further. */
  readonly tooNew: readonly string[];
  readonly timeline: number;
  /** Positions as people write them. */
  readonly from: string;
  /** The end of the log on the way. */
  readonly to: string;
  /** Where the target lies, as near as it can be told without reading all of it. */
  readonly upTo: string;
  /** Of log up to its end: so much is replayed at most. */
  readonly bytes: number;
  /** Of log up to the target, as near as it can be told without reading all of it. */
  readonly bytesExpected: number;
  /** The same timeline by timeline, in the order of the way, up to the target. */
  readonly ranges: readonly ReplayRange[];
  /** The latest moment that the log reaches, milliseconds since 1970, where it says. */
  readonly reachableMs: number | undefined;
  /** The end of the log on the way: told as what it would be if people went back from there. */
  readonly end: LogEnding;
  /** Lives that people went back from, as this log tells. Another store may not have been told. */
  readonly endings: readonly LogEnding[];
  /** Lives that go on to a later moment than this one, and have not ended; none where a timeline was asked for. */
  readonly later: readonly LaterLife[];
  /** Begins to fetch, while the point is written; `folder` does not exist yet, its parent does. */
  begin(folder: string): Promise<void>;
  /** What was really replayed, once a copy came to life with it. */
  replayed(): ReplayedLog | undefined;
  /** Ends fetching and removes what was fetched. May be called again, and without `begin`. */
  close(): Promise<void>;
}
