/** What a log is made of where it is stored. Positions are byte addresses in it, and never run backwards on one timeline. */
export interface LogRange {
  readonly timeline: number;
  readonly start: bigint;
  /** The first position that is not in it. */
  readonly end: bigint;
}

/** A range that is stored as a piece of its own. */
export interface StoredRange extends LogRange {
  /** The object that holds it, while the piece still grows or its writer died: `end` is how far it went when it was listed. */
  readonly growing?: string;
}

/** A range as a store holds it. Ranges may overlap: then they say the same. */
export interface LogPiece extends StoredRange {
  /** As stored, sealed and compressed. */
  readonly storedBytes: number;
  /** The object that holds it, where it is known to be damaged: the log is stored there, and cannot be read. */
  readonly damaged?: string;
}

/** Of a source that was idle: when its clock said `atMs`, its log ended at `position` or before. */
export interface LogClock {
  readonly timeline: number;
  readonly position: bigint;
  readonly atMs: number;
}

/**
 * A life that people went back from: what the source was before came in its place when the log of this timeline ended at `position`. Log of it behind that
 * is of a server that was started after all: then it has not ended.
 */
export interface LogEnding {
  readonly timeline: number;
  readonly position: bigint;
}

export interface LogListing {
  /** By timeline, then by position. */
  readonly pieces: readonly LogPiece[];
  /** Timelines whose history is there, ascending. */
  readonly histories: readonly number[];
  /** By the moment. Only names: `clock` says whether one is true. */
  readonly clocks: readonly LogClock[];
  /** Only names: `ending` says whether one is true. */
  readonly endings: readonly LogEnding[];
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
