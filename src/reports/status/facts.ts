import type { Newest } from '../../assets/index.ts';
import type { LifeboatError } from '../../core/index.ts';
import type { JournalRecord } from '../../journal/index.ts';
import type { JudgedHole, ListedPoint, Outcome, StandbyLine } from '../../operations/index.ts';
import type { Finding, Plan } from '../../plan/index.ts';

/** All that a status is made of, as it was found at one moment: what the stores, the sources and the journal say. */
export interface StatusFacts {
  readonly plan: Plan;
  readonly nowMs: number;
  /** Name and version of this program. */
  readonly tool: string;
  /** What `check` says of the plan now. */
  readonly findings: readonly Finding[];
  /** Oldest first. */
  readonly points: readonly ListedPoint[];
  /** Stores, or the copies of an asset that others make, that did not answer: nothing is known of what they hold. */
  readonly unanswered: readonly { readonly store: string; readonly error: LifeboatError }[];
  /** Objects that could not be read while the points were listed. */
  readonly damage: readonly { readonly store: string; readonly object: string; readonly what: string }[];
  /** What the newest verification of each point found in each store. */
  readonly verified: ReadonlyMap<string, ReadonlyMap<string, Outcome>>;
  /** Assets that are restored from points as they are declared now: their hash. */
  readonly assetHashes: ReadonlyMap<string, string>;
  /** Assets whose copies others make and keep. */
  readonly outside: ReadonlySet<string>;
  /** How far the source of an asset goes now; no entry: it was not asked, or did not answer. */
  readonly sources: ReadonlyMap<string, Newest>;
  /** Assets whose source was asked and did not answer, and why, in its own words or those of the network. */
  readonly silent?: ReadonlyMap<string, string>;
  /** How far the log of a streamed asset reaches in a store, by asset and then by store. */
  readonly logs: ReadonlyMap<string, ReadonlyMap<string, LogReach>>;
  /** Where the log of an asset in a store was looked through for holes; `error`: it could not be. */
  readonly holes?: readonly {
    readonly asset: string;
    readonly store: string;
    readonly holes: readonly JudgedHole[];
    readonly error?: LifeboatError;
  }[];
  /** Streams of this machine that are at work, by asset. */
  readonly streams?: ReadonlyMap<string, StreamAtWork>;
  /** Assets of which this machine takes a point now. */
  readonly taken?: ReadonlySet<string>;
  /** Streams of this machine that ended by themselves, by the asset. */
  readonly failedStreams?: ReadonlyMap<string, FailedStream>;
  /** Why nothing can be restored along the log behind the newest point, by asset and then by store: it is of another life. */
  readonly otherLives?: ReadonlyMap<string, ReadonlyMap<string, { readonly words: string; readonly hint: string }>>;
  readonly schedule: ScheduleFacts;
  /** The last words of the standbys that this machine keeps, and whether a process is at work on one that may say nothing for long. */
  readonly standbys?: readonly { readonly line: StandbyLine; readonly isAtWork: boolean }[];
  /** Of the journal, oldest first: at least those of `statusKinds`. */
  readonly records: readonly JournalRecord[];
}

/** What is done on a calendar by whoever keeps it (`lifeboat serve`). */
export interface ScheduleFacts {
  /** When somebody began to keep it the last time; undefined: nobody ever did, as far as the journal knows. */
  readonly keptMs: number | undefined;
  /** The newest hold that a store shows, by its holder's clock; undefined: none does. */
  readonly hold: { readonly host: string; readonly atMs: number; readonly lengthMs: number } | undefined;
  /** Whether every store that could show a hold was asked and answered. */
  readonly allAnswered: boolean;
  readonly tasks: readonly TaskFact[];
}

/** What was of a task until now; moments in milliseconds since 1970, undefined: never. */
export interface TaskFact {
  readonly task: string;
  readonly state: 'never' | 'begun' | 'done' | 'red' | 'failed' | 'stopped';
  readonly beganMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly doneMs: number | undefined;
  readonly silentMs: number | undefined;
  /** Since when what it found is bad, with its words: also while it is tried again, until it is done. */
  readonly redMs: number | undefined;
  readonly redWords: string;
  readonly words: string;
  readonly failures: number;
  readonly missed: number;
}

export interface StreamAtWork {
  /** Why it does not stream now, in its own words; without: it streams, or has just begun. */
  readonly waitsFor?: string;
}

export interface FailedStream {
  readonly atMs: number;
  readonly words: string;
  readonly hint: string | undefined;
}

export interface LogReach {
  /** Everything acknowledged before this moment is in the store, milliseconds since 1970. */
  readonly completeMs: number;
  /** Whether a running stream said so, or the log as it lies there (which says nothing of a source that stood still since). */
  readonly from: 'stream' | 'log';
  /** How much is missing as the stream last measured it, milliseconds; only from a stream. */
  readonly behindMs?: number;
  /** A restore that is not told a timeline follows one, and the server lives on the other, or its log at least goes on there to a later moment. */
  readonly passedBy?: { readonly followed: number; readonly lived: number };
}

/** The records that a status is made of. */
export const statusKinds = [
  'run.started',
  'drill.finished',
  'drill.aborted',
  'restore.finished',
  'backup.finished',
  'backup.failed',
  'keys.tested',
  'message.*',
] as const;
