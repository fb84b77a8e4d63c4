import type { z } from 'zod';
import type { CheckKind, CheckResult, CheckSpec } from '../checks/check.ts';
import type { Clock, Progress } from '../core/index.ts';
import type { Entry, PointContents } from './entry.ts';
import type { InPlaceKeeping } from './in-place.ts';
import type { LogKeeping, Replay } from './log.ts';
import type { StandbyKeeping } from './standby.ts';
import type { TableKeeping } from './tables.ts';

/**
 * Something that must survive, and how it is read, put back and judged. One folder a kind; `asset.suite.ts` holds what
 * all of them promise. An asset knows nothing of chunks, keys, stores or schedules.
 *
 * Errors, always `LifeboatError`: the `asset.*` codes, `restore.target_unusable`, `operation.cancelled`.
 */
export interface Asset {
  readonly name: string;
  readonly type: string;
  /** Kinds whose source has a log that can be kept beside the points. */
  readonly log?: LogKeeping;
  /** Kinds of which single tables can be brought back. */
  readonly tables?: TableKeeping;
  /** Kinds of which a copy that stands there already can be made a point, by what differs. */
  readonly inPlace?: InPlaceKeeping;
  /** Kinds of which a copy can go on following the log. */
  readonly standby?: StandbyKeeping;

  /** Who the source is and about how much it holds; cheap, changes nothing. */
  identify(options?: WorkOptions): Promise<SourceIdentity>;

  /**
   * Looks at the source as a backup and a restore on this machine would need it, changing nothing, and says what would stand in the
   * way. A kind without it has nothing to say beyond `identify`. Throws what `identify` throws.
   */
  survey?(options?: SurveyOptions): Promise<Survey>;

  /**
   * Streams the source as entries; returns its facts at the end. Holds whatever keeps the view consistent (a snapshot, a backup
   * session) until it returns, throws or is ended early (`return()`), and leaves nothing behind in each case.
   */
  capture(options: CaptureOptions): AsyncGenerator<Entry, CaptureFacts, void>;

  /** What stands at or beside the target and would be overwritten or mixed up with a restored copy: paths, empty when free. */
  obstacles(target: string): Promise<string[]>;

  /** Bytes that a restore of a point with these facts takes at the target, where that is not what the point holds. */
  room?(facts: Readonly<Record<string, unknown>>): number | undefined;

  /**
   * Writes a point into `staging`, a path on the target's file system that does not exist yet (its parent does). Starts nothing
   * that outlives the call. What it writes must work after `staging` was renamed.
   */
  apply(point: PointContents, staging: string, options: ApplyOptions): Promise<void>;

  /**
   * Brings a restored copy to life so that it can be checked and used: starts the server, or just opens the file. A copy never
   * archives, replicates or connects to anything of its source. Must be `stop`ped, unless it was started to stay.
   */
  start(path: string, options: StartOptions): Promise<RestoredCopy>;

  /** What `start` would run on this machine, for people. Throws `asset.tool_missing` where it could not. */
  starts?(facts: Readonly<Record<string, unknown>>): Promise<string>;

  /**
   * The asset's own checks (integrity, structure) and the declared ones against a copy or, with `source`, against the source.
   * A check that cannot be evaluated is a red result, not an exception.
   */
  check(of: CheckTarget, declared: readonly CheckSpec[], options?: CheckOptions): Promise<CheckResult[]>;

  /**
   * Only where others make and keep the copies: then these are its points, `capture` is refused, and `apply` fetches the copy that
   * the facts of the point name (`outside`).
   */
  outside?(options?: WorkOptions): Promise<OutsidePoint[]>;

  /** How far the data of a source or copy goes: the base of every RPO figure. */
  newest(of: CheckTarget, options?: WorkOptions): Promise<Newest>;
}

/** A copy that others made and keep. */
export interface OutsidePoint {
  /** As its keeper calls it. */
  readonly id: string;
  /** What was acknowledged before this moment is in it, as far as its keeper tells; milliseconds since 1970. */
  readonly atMs: number;
  /** Plain bytes where the keeper knows them, and what they take there. */
  readonly bytes?: number;
  readonly storedBytes?: number;
  readonly files?: number;
  /** For people: `restic /backups/app`. */
  readonly keptIn: string;
  readonly host?: string;
  /** `dump`, `tree`, `base`. */
  readonly kind: string;
}

export interface WorkOptions {
  signal?: AbortSignal;
}

export interface SurveyOptions extends WorkOptions {
  /** Whether the plan keeps the log of the source. */
  isStreamed?: boolean;
}

export interface CheckOptions extends WorkOptions {
  /** The moment that the data is of, milliseconds since 1970; without it that is now. */
  dataOfMs?: number;
}

export interface SourceIdentity {
  /** Never changes for one source and differs between two: a system identifier, a database's file, a folder's path. */
  readonly id: string;
  /** For people: `PostgreSQL 15.18, 3.5 GB, 127.0.0.1:5432`. */
  readonly description: string;
  /** An estimate of what a capture reads, for progress. */
  readonly bytes?: number;
}

export interface Survey {
  readonly remarks: readonly SurveyRemark[];
  /** What a capture reads, where `identify` does not count it. */
  readonly bytes?: number;
  /** What a capture writes into its scratch folder while it runs. */
  readonly scratchBytes?: number;
  /** By how much the source's own clock is ahead of ours, milliseconds, and how exact that is. */
  readonly clock?: { readonly aheadMs: number; readonly exactToMs: number };
}

export interface SurveyRemark {
  /**
   * `rights`: what may not be read. `settings`: what puts copies at risk. `programs`: what a restore lacks on this machine.
   * `uncovered`: what is there and in no point.
   */
  readonly about: 'rights' | 'settings' | 'programs' | 'uncovered';
  readonly severity: 'error' | 'warning' | 'info';
  /**
   * What is uncovered, as every asset of the same source calls it; or the `SourceIdentity.id` of an asset that would cover it. It counts
   * only if none of them does.
   */
  readonly thing?: string;
  /** With figures and names, without a full stop at the end. */
  readonly message: string;
  readonly hint: string;
}

export interface CaptureOptions extends WorkOptions {
  readonly progress: Progress;
  /** A private folder for temporary files, on a disk with room; emptied by the caller afterwards. */
  readonly scratch: string;
  /** Resolves when every content handed over so far has been read. */
  readonly readSoFar: () => Promise<void>;
}

export interface CaptureFacts {
  /**
   * The moment whose data the point holds, milliseconds since 1970: everything acknowledged before is in it. A conservative
   * bound: the start for a tree of files, the snapshot for SQLite, the end of the backup for PostgreSQL.
   */
  readonly atMs: number;
  /** When the capture began, by the clock of this host, which also stamps files; without it, that is `atMs`. */
  readonly beganMs?: number;
  /** What kind of point: `base`, `snapshot`, `tree`, `dump`. */
  readonly kind: string;
  readonly source: SourceIdentity;
  /** What `apply` and `start` need to know later: plain JSON, no secret. */
  readonly facts: Record<string, unknown>;
  readonly newest?: Newest;
  /** Sentences that belong to the point for ever, e.g. which file changed while it was read. */
  readonly warnings: readonly string[];
}

export interface ApplyOptions extends WorkOptions {
  readonly progress: Progress;
  /** Fetches while the point is written. */
  readonly replay?: Replay;
  /** Is told what could not be given back as it was, sentence by sentence. */
  readonly warn?: (sentence: string) => void;
}

export interface StartOptions extends WorkOptions {
  readonly facts: Record<string, unknown>;
  /** The copy goes on running after our process ends; its `stop` is then `pg_ctl stop` or the like, by a person. */
  readonly stay: boolean;
  readonly port?: number;
  /** Replayed once, at the first start; what was reached is compared with it. */
  readonly replay?: Replay;
  /** Timelines that logs of the source have. A copy that is opened for the first time goes on none of them. */
  readonly timelinesTaken?: readonly number[];
}

export interface RestoredCopy {
  readonly path: string;
  /** How to reach it, with the credentials of the plan: a URL for a server, the path for a file. May hold a password. */
  readonly url: string;
  /** The same without a password, to be shown. */
  readonly shownUrl: string;
  readonly pid?: number;
  /** Where it listens beside its url: `127.0.0.1:5440`, where a role gives its password. */
  readonly address?: string;
  /** How far replay came, as the server itself says. */
  readonly reached?: Reached;
  stop(): Promise<void>;
}

export interface Reached {
  readonly time?: string;
  readonly lsn?: string;
  readonly timeline?: number;
}

/** `source` is the live original; a copy is named by its `url`. */
export type CheckTarget = 'source' | { readonly url: string };

export interface Newest {
  /** Commit or modification time of the newest thing, milliseconds since 1970; undefined: nothing there, or not known. */
  readonly atMs?: number;
  /** Equal tokens mean equal data: an LSN, a hash, a counter. */
  readonly token?: string;
  /** How many things (rows by the plan's `measure.rows`, files) there are. */
  readonly count?: number;
}

/** A kind of asset as the registry knows it: its settings in the plan, and how it is opened. */
export interface AssetKind<Settings = unknown> {
  readonly type: string;
  /** The settings of this kind alone; what every asset has (domain, policy, checks) the plan's schema adds. */
  readonly schema: z.ZodType<Settings>;
  /** Makes the asset; touches nothing until a method is called. */
  open(name: string, settings: Settings, context: AssetContext): Asset;
}

export interface AssetContext {
  /** Relative paths in the plan are relative to this folder (the plan's). */
  readonly baseFolder: string;
  readonly clock: Clock;
  readonly checkKinds: readonly CheckKind[];
}
