import type { Asset, RecoveryTarget, Replay, RestoredCopy } from '../assets/index.ts';
import type { CheckResult } from '../checks/index.ts';
import type { Clock, Progress } from '../core/index.ts';
import type { Journal } from '../journal/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Damage, Point, Repository } from '../repository/index.ts';
import type { Changeover, Store } from '../stores/index.ts';

/** What every operation works with; the app opens it (`app/open.ts`), tests make their own. */
export interface Workspace {
  readonly plan: Plan;
  readonly clock: Clock;
  readonly journal: Journal;
  /** The folder of state of this machine; everything in it can be rebuilt from the stores. */
  readonly stateFolder: string;
  readonly host: string;
  /** Name and version of this program, recorded in points and evidence. */
  readonly tool: string;
  readonly progress: Progress;
  asset(name: string): Asset;
  /** Opened once and kept. Throws the errors of `StoreKind.open` and `OpenRepository`. */
  repository(store: string): Promise<Repository>;
  /** The place itself, for who copies what it holds as it is: without a key. The same that `repository` stands on. */
  place(store: string): Promise<Store>;
}

export interface BackupReport {
  readonly asset: string;
  readonly store: string;
  readonly point: Point;
  readonly warnings: readonly string[];
}

export interface RestoreRequest {
  readonly asset: string;
  /** A folder, file or data directory that does not exist or is empty. */
  readonly target: string;
  readonly point?: string;
  /** Only points whose data is not newer than this moment, milliseconds since 1970. */
  readonly atMs?: number;
  /** Where a log is kept beside the points: what it is replayed to, instead of `atMs`. */
  readonly recover?: RecoveryTarget;
  readonly store?: string;
  /** Stores that are read only where no other has the point: those of what was lost. */
  readonly avoid?: readonly string[];
  /** Leave a restored server running. */
  readonly start: boolean;
  /** The started server outlives this process. */
  readonly stay: boolean;
  readonly port?: number;
  readonly signal?: AbortSignal;
}

/** What a restore would do: printable, and executed as it stands. */
export interface RestorePlan {
  readonly request: RestoreRequest;
  readonly store: string;
  /** Further stores that hold the point, in the order in which they stand in when one fails midway. */
  readonly others: readonly string[];
  readonly point: Point;
  readonly target: string;
  readonly bytes: number;
  readonly files: number;
  /** From the rate of earlier restores of this asset; undefined if there was none. */
  readonly secondsExpected: number | undefined;
  /** By what that was judged, for people. */
  readonly expectedFrom?: string | undefined;
  /** What is started on this machine to check the copy, for people. */
  readonly starts?: string | undefined;
  /** Points that are newer and were not chosen, with the reason. */
  readonly rejected: readonly { id: string; atMs: number; reason: string }[];
  readonly damage: readonly Damage[];
  /** Log that is replayed over the point, audited; `undefined`: the point alone. */
  readonly replay?: Replay | undefined;
  /** Why the point comes alone, of a kind of asset that keeps a log: only it was named, or no log leads on from it. */
  readonly alone?: 'named' | 'no log' | undefined;
  /** Stores that did not answer: a newer point may be there. On the real day that is normal, so it is said and not refused. */
  readonly unanswered: readonly { store: string; reason: string }[];
}

export interface RestoreReport {
  readonly plan: RestorePlan;
  readonly seconds: number;
  readonly checks: readonly CheckResult[];
  readonly reached: RestoredCopy['reached'];
  /** Only with `start`. */
  readonly copy: RestoredCopy | undefined;
  readonly damage: readonly Damage[];
  /** What was read from another store than the first, and why. */
  readonly changeovers: readonly Changeover[];
  /** What could not be given back as it was: an attribute that this file system does not keep, a device that needs root. */
  readonly warnings: readonly string[];
}
