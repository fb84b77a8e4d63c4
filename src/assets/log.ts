/**
 * The log of a source, kept beside its points: what turns a point into any moment after it. The repository implements
 * `LogWriter`; what the bytes mean only the asset knows. Positions are byte addresses in the log and never run backwards on one timeline.
 */
export interface LogRange {
  readonly timeline: number;
  readonly start: bigint;
  /** The first position that is not in it. */
  readonly end: bigint;
}

/** A range as a store holds it. Ranges may overlap: then they say the same. */
export interface LogPiece extends LogRange {
  /** As stored, sealed and compressed. */
  readonly storedBytes: number;
}

export interface LogListing {
  /** By timeline, then by position. */
  readonly pieces: readonly LogPiece[];
  /** Timelines whose history is there, ascending. */
  readonly histories: readonly number[];
}

/** What a piece of log says of time, so that a moment is found without reading all of it. Small, and authenticated by itself. */
export interface LogMarks {
  /** The source's clock when its log ended at the end of this piece: all that was acknowledged before is in it or before it. */
  readonly completeToMs?: number;
  readonly commits?: {
    readonly count: number;
    /** By the times that the commits bear; within a piece they need not be in order. */
    readonly oldestMs: number;
    readonly newestMs: number;
    /** Behind the newest one. */
    readonly newestEnd: bigint;
  };
  /** Numbers of transactions that ended in it, the lowest and the highest. */
  readonly transactions?: readonly [number, number];
  /** Places that people named. */
  readonly names?: readonly { readonly name: string; readonly at: bigint; readonly atMs: number }[];
}

export interface LogReader {
  /** Different for every source and repository; says nothing of either. */
  readonly id: string;
  /** One listing of the store; throws rather than show a part. */
  list(options?: { signal?: AbortSignal }): Promise<LogListing>;
  /** The plain bytes of a listed piece, authenticated. Throws `repository.damaged`, `repository.incomplete`, `repository.unreadable`. */
  read(piece: LogRange, options?: { signal?: AbortSignal }): Promise<Buffer>;
  /** Reads a few kilobytes. Throws as `read` does. */
  marks(piece: LogRange, options?: { signal?: AbortSignal }): Promise<LogMarks>;
  /** The history of a timeline as its source wrote it. Throws as `read` does. */
  history(timeline: number): Promise<string>;
}

export interface LogWriter extends LogReader {
  /**
   * Durable when it resolves. The same range with the same bytes again is fine; with others it is `log.conflict`, and what is
   * stored stays. At most `limits.logPieceBytesMax`.
   */
  append(range: LogRange, bytes: Uint8Array, marks: LogMarks, options?: { signal?: AbortSignal }): Promise<void>;
  /** As `append`, for the history of a timeline. */
  appendHistory(timeline: number, text: string): Promise<void>;
  /**
   * Puts one object in the place of pieces that together are this range: the new one first, then they are removed. A crash between
   * leaves both, which is right. `bytes` are known already, or read from the pieces.
   */
  compact(range: LogRange, pieces: readonly LogRange[], known?: { bytes: Uint8Array; marks: LogMarks }): Promise<void>;
  /** Removes pieces that nothing needs any more. One that the store keeps (a lock) is no error. */
  remove(pieces: readonly LogRange[]): Promise<void>;
}
