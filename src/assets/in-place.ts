import type { ApplyOptions, CaptureFacts, CaptureOptions, SourceIdentity, WorkOptions } from './asset.ts';
import type { LogEnding } from './log.ts';
import type { Entry, PointContents, RewrittenTree } from './entry.ts';

/** What an asset can do to a copy that stands there already, instead of beside it. Nothing of it touches anything outside the target. */
export interface InPlaceKeeping {
  /**
   * Who stands at the target, and that nothing runs on it; changes nothing. Throws `restore.target_unusable` for what is no such copy or
   * is in use, `asset.corrupt` for one that does not say who it is.
   */
  look(target: string, options?: WorkOptions): Promise<InPlaceLook>;
  /** Where the log of the stopped copy ends, and on which timeline; `undefined` where its files do not say. */
  life(target: string): Promise<LogEnding | undefined>;
  /** Ends a trial start of the target that a killed rewriting left running; `look` passes over it. The caller is the only one at work there. */
  settle(target: string): Promise<void>;
  /**
   * Streams the stopped target as it is, everything in it, however damaged: the before-image. Its facts say where it stood (`path`) and how (`stateHash`), on which
   * `timeline` it lived, and whether it is a mix that an interrupted rewriting left (`half`).
   */
  capture(target: string, options: CaptureOptions): AsyncGenerator<Entry, CaptureFacts, void>;
  /** What of the target is not as the point has it, by sizes and times alone: nothing is read or changed. Throws as `look` does. */
  difference(point: PointContents, target: string, options: WorkOptions): Promise<InPlaceDifference>;
  /**
   * Makes the target the point, writing what differs from `current`, which was just captured. From the first change until `finish` the target
   * does not start, and says so by `mark`, whatever happens to us.
   */
  rewrite(
    point: PointContents,
    current: PointContents,
    target: string,
    options: InPlaceOptions,
  ): Promise<RewrittenTree>;
  /**
   * Ends the life of the stopped target where it stands, and begins one on a timeline that is not taken: nothing of its data is changed. `facts` are those of a point
   * of it. Throws as `look` does, and `asset.start_failed`.
   */
  fork(target: string, options: ForkOptions): Promise<{ readonly timeline: number; readonly position: string }>;
  /** It failed its checks: keeps it from being started until it is rewritten. */
  bar(target: string): Promise<void>;
  /** Takes the mark away: from now on the target is started by whoever starts it always. */
  finish(target: string): Promise<void>;
}

export interface InPlaceLook {
  readonly identity: SourceIdentity;
  /** Where it really is. */
  readonly path: string;
  /** For people, how it was left: `shut down`, `in production (it crashed)`. */
  readonly state: string;
  /** Tells how it stands there from every other way that it did: what runs on it changes that. */
  readonly stateHash: string;
  /** Which life of its source it is. */
  readonly timeline: number;
  /** What an earlier rewriting that did not come to its end left there. */
  readonly mark: string | undefined;
}

/** Of files whose size or time differ; of a relation only the pages that differ are written in the end. */
export interface InPlaceDifference {
  readonly files: number;
  readonly bytes: number;
  /** Files and links that the point does not have. */
  readonly removed: number;
}

export interface InPlaceOptions extends ApplyOptions {
  /** A line of text that stands in the target until `finish`. */
  readonly mark: string;
  /** Everything becomes as it was, the configuration too; else the target keeps the configuration that it has. */
  readonly exactly: boolean;
}

export interface ForkOptions extends WorkOptions {
  readonly facts: Record<string, unknown>;
  /** Timelines that logs of the source have. */
  readonly timelinesTaken: readonly number[];
}
