import type { LogClock, LogEnding, LogListing, LogMarks, LogPiece, LogRange, StoredRange } from './log-pieces.ts';
import type { RecoveryTarget, Replay, ReplayBase } from './log-replay.ts';

export type * from './log-pieces.ts';
export type * from './log-replay.ts';

/**
 * The log of a source, kept beside its points: what turns a point into any moment after it. The repository implements
 * `LogWriter`; what the bytes mean only the asset knows.
 */
export interface LogReader {
  /** Different for every source and repository; says nothing of either. */
  readonly id: string;
  /** One listing of the store; throws rather than show a part. */
  list(options?: { signal?: AbortSignal }): Promise<LogListing>;
  /**
   * The plain bytes of a listed piece, authenticated; where a whole segment came in its place since, from there. The caller's own memory.
   * Throws `repository.damaged`, `repository.incomplete`, `repository.unreadable`.
   */
  read(piece: StoredRange, options?: { signal?: AbortSignal }): Promise<Buffer>;
  /** Reads a few kilobytes. Throws as `read` does, and `repository.incomplete` of a piece in whose place another came: list again. */
  marks(piece: StoredRange, options?: { signal?: AbortSignal }): Promise<LogMarks>;
  /** The history of a timeline as its source wrote it. Throws as `read` does. */
  history(timeline: number): Promise<string>;
  /** Resolves if the listed clock is authentic. Throws as `read` does. */
  clock(clock: LogClock): Promise<void>;
  /** Resolves if the listed ending is authentic. Throws as `read` does. */
  ending(ending: LogEnding): Promise<void>;
}

export interface LogWriter extends LogReader {
  /**
   * Durable when it resolves. The same range with the same bytes again is fine; with others it is `log.conflict`, and what is
   * stored stays. At most `limits.logPieceBytesMax`. `isPassing`: `compact` will soon put another object in its place, so that little work is done to make it small.
   */
  append(
    range: LogRange,
    bytes: Uint8Array,
    marks: LogMarks,
    options?: { signal?: AbortSignal; isPassing?: boolean },
  ): Promise<void>;
  /**
   * Begins a piece that grows, where the store can do that (`undefined`: it cannot). Durable when it resolves, as each addition is: many
   * of them a second. One writer a log. The piece is shown by `list` with what it has.
   */
  grow(range: LogRange, bytes: Uint8Array, marks: LogMarks): Promise<GrowingLogPiece | undefined>;
  /** Stores listed pieces whose writers died as pieces that no longer grow. */
  settle(pieces: readonly LogPiece[]): Promise<void>;
  /** As `append`, for the history of a timeline. */
  appendHistory(timeline: number, text: string): Promise<void>;
  /** Writes down that all that was acknowledged before the moment is here, and removes earlier such notes. Durable when it resolves. */
  appendClock(clock: LogClock, earlier: readonly LogClock[]): Promise<void>;
  /** Writes down that a life ended. Durable when it resolves; the same again is fine. */
  appendEnding(ending: LogEnding): Promise<void>;
  /** For a life that people went back to. Throws `store.denied` where the store keeps one (a lock): then the life has ended there until log of it comes. */
  removeEndings(endings: readonly LogEnding[]): Promise<void>;
  /**
   * Puts one object in the place of pieces that together are this range: the new one first, then they are removed. A crash between
   * leaves both, which is right. `bytes` are known already, or read from the pieces.
   */
  compact(
    range: LogRange,
    pieces: readonly StoredRange[],
    known?: { bytes: Uint8Array; marks: LogMarks },
  ): Promise<void>;
  /** Removes pieces that nothing needs any more. One that the store keeps (a lock) is no error. */
  remove(pieces: readonly StoredRange[]): Promise<void>;
}

export interface GrowingLogPiece {
  /** With all that was added. */
  readonly piece: LogPiece;
  /** Whether it takes so many bytes more; if not, another one is begun. Behind a failure it takes nothing. */
  takes(bytes: number): boolean;
  /** Right behind what is there, at most `limits.logFrameBytesMax`. After a failure the piece grows no more. */
  add(bytes: Uint8Array, marks: LogMarks): Promise<void>;
  /** As `add`, in this thread, which waits for the disk meanwhile. False: nothing was done, `add` does it. Throws as `add` rejects. */
  addNow(bytes: Uint8Array, marks: LogMarks): boolean;
  close(): Promise<void>;
}

/** One fork of a log: the timeline went over into the next one here. */
export interface LogFork {
  readonly timeline: number;
  readonly at: bigint;
}

/** A point as far as its log goes: replay begins at `start` (of a segment), and must come to `end` before the data is consistent. */
export interface LogBasePlace {
  /** What the source calls its log. */
  readonly source: string;
  readonly timeline: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** A point that is there, and the stores that have it sound. */
export interface HeldBase extends LogBasePlace {
  readonly stores: readonly string[];
}

/** What an asset with a log can do beside points. */
export interface LogKeeping {
  /** What the source calls its log, asked of it. */
  source(): Promise<string>;
  /** Where a point stands on the log, by its facts; `undefined` for a point that has no place on it. */
  baseOf(facts: Readonly<Record<string, unknown>>): LogBasePlace | undefined;
  /** How this timeline came to be, as its history in the log tells; oldest first. Throws what `LogReader` throws. */
  forksOf(log: LogReader, timeline: number): Promise<readonly LogFork[]>;
  /**
   * Brings the log into the targets as it is written, until it is stopped. A lost connection, a restart and a failover are waited for.
   * Throws what waiting does not mend.
   */
  stream(options: LogStreamOptions): Promise<void>;
  /**
   * Takes a file of the log that the source hands over itself (`archive_command`); durable in all logs when it resolves. `open` gives the
   * logs of the source that the file says it is of (`undefined`: it does not say), or throws. `stored: false`: a file that nothing needs.
   */
  push(path: string, open: (source: string | undefined) => Promise<readonly LogWriter[]>): Promise<{ stored: boolean }>;
  /**
   * Chooses the point (the newest that ends before the target and leads there) and audits the log from it to the target, over
   * all timelines between. Writes nothing. `undefined`: the newest point is newer than all of the log.
   * Throws `restore.unknown_target` and `log.gap`, naming what is reachable, `restore.unreachable_target`, and what `LogReader` throws.
   */
  planReplay(
    log: LogReader,
    bases: readonly ReplayBase[],
    target: RecoveryTarget,
    options: { signal?: AbortSignal },
  ): Promise<Replay | undefined>;
  /**
   * Where log is missing behind the points, on the way that a restore follows which is not told another. What is missing before the oldest point, or where a
   * newer point stands without log before it that is stored, is no hole. Throws what `LogReader` throws, and `log.gap` for a history that is missing.
   */
  holes(log: LogReader, bases: readonly ReplayBase[], options: { signal?: AbortSignal }): Promise<LogHole[]>;
}

/** What is missing of a log between what is stored of it. Positions as people write them. */
export interface LogHole {
  readonly timeline: number;
  readonly from: string;
  readonly to: string;
  /** Of what is stored behind it. */
  readonly toTimeline: number;
  /** The newest point before it. */
  readonly point: string;
  /** The latest moment before it that can be restored, milliseconds since 1970. */
  readonly reachableMs: number;
  /** Of the point from which on moments can be restored again; `undefined`: there is none. */
  readonly nextMs: number | undefined;
  /** False: what is stored of the log begins behind it. */
  readonly hasLogBefore: boolean;
  /** Objects that are there and cannot be read: the hole, or the beginning of it. */
  readonly damaged: readonly string[];
}

export interface LogTarget {
  readonly store: string;
  readonly log: LogWriter;
  /** The time between two writes, milliseconds; 0: at once, because commits wait for it. A whole segment is written as soon as it is one, and what soon will be one is waited for a quarter longer, two seconds at most. */
  readonly everyMs: number;
  /** With `everyMs` 0: the thread may wait for the disk: this process does nothing but stream one log into one store, and take the points that it needs. */
  readonly mayWait?: boolean;
}

/** Log that no point leads to: nothing of it can be restored. */
export interface UnlinkedLog {
  /** For people. */
  readonly reason: string;
  /** Only in this one, where a copy of a point does as well; `undefined`: in every store of the stream, and a new point is due. */
  readonly store?: string;
  /** Nothing of the log is missing, only a point. Otherwise moments are lost. */
  readonly isWhole?: true;
  /** Whether a point would lead to it, as far as the log was when this was said. */
  isLedToBy(base: LogBasePlace): boolean;
}

export interface LogStreamOptions {
  /** The source that the targets are of; another one is refused. */
  readonly source: string;
  readonly targets: readonly LogTarget[];
  /** How often `say` is told the state while it streams, milliseconds. */
  readonly everyMs: number;
  /** The points that are there, of this source. */
  bases(): Promise<readonly HeldBase[]>;
  /** Lives that people went back from, as far as this machine knows now: stores that were not told are, whenever they answer. */
  endings?(): readonly LogEnding[];
  /** True once when points may be bases no more: found damaged, or forgotten, or log behind them was found damaged. Asked every few seconds; no answer of it must take long. */
  isBaseLost?(): boolean;
  /** The log of a target as a restore reads it, with what is known of damage. */
  known?(store: string): Promise<LogReader>;
  /** The log has a gap, or there is no point yet: one is due at once. Must not wait for it. */
  needsBase(unlinked: UnlinkedLog): void;
  say(state: LogStreamState): void;
  /**
   * Instead of the usual: milliseconds between notes of the clock of an idle source, milliseconds until a silent stream counts as dead,
   * bytes of log in memory that a store has not taken yet.
   */
  readonly bounds?: { readonly idleMs?: number; readonly silenceMs?: number; readonly heldBytes?: number };
  readonly signal: AbortSignal;
}

/** What people and `--json` see of a stream. */
export interface LogStreamState {
  /** `resumed`: it waited, and is connected again; `reason` says for how long, and from where it goes on. */
  readonly state: 'streaming' | 'waiting' | 'resumed' | 'finding';
  /**
   * The server lives on an older timeline than the one that its log goes on with in these stores: a restore from them that is not told otherwise follows
   * that one.
   */
  readonly passedBy?: { readonly timeline: number; readonly stores: readonly string[] };
  /** While it streams: why nothing of what it stores could be restored now. */
  readonly reason?: string;
  readonly hint?: string;
  readonly timeline?: number;
  readonly received?: string;
  readonly server?: string;
  /** The server's clock at the latest look. */
  readonly serverMs?: number;
  readonly newestCommit?: string;
  readonly slot?: { readonly name: string; readonly status: string; readonly safeBytes: number | null };
  readonly stores: readonly {
    readonly store: string;
    /** Unknown of a store that was away since the stream began. */
    readonly durable?: string;
    /** All that was acknowledged before this moment of the server's clock is in the store for good. */
    readonly completeToMs?: number;
    /** It was away or is slow, and takes what it lacks from the server's disk, beside the stream into the others. */
    readonly isBehind?: true;
    readonly failure?: string;
  }[];
}
