import type { TaskFact } from './facts.ts';
import type { LifeboatError } from '../../core/index.ts';
import type { JudgedHole } from '../../operations/index.ts';

export interface Status {
  readonly atMs: number;
  readonly plan: string;
  readonly services: readonly ServiceStatus[];
  readonly assets: readonly AssetStatus[];
  readonly scenarios: readonly ScenarioStatus[];
  readonly drills: readonly DrillStatus[];
  readonly keys: readonly KeyStatus[];
  readonly schedule: ScheduleStatus;
  readonly standbys: readonly StandbyStatus[];
  /** What is promised and not so. Empty: all is well, as far as everybody answered. */
  readonly problems: readonly Problem[];
  readonly unanswered: readonly { readonly store: string; readonly error: LifeboatError }[];
}

/** A promise of the plan that is not kept now. */
export interface Problem {
  readonly code:
    | 'plan'
    | 'rpo'
    | 'no_point'
    | 'late'
    | 'copy_late'
    | 'timeline'
    | 'log'
    | 'stream'
    | 'damage'
    | 'verify'
    | 'count'
    | 'drill'
    | 'key'
    | 'schedule'
    | 'task'
    | 'standby'
    | 'channel';
  /** `orders in far`, `the drill weekly` */
  readonly about: string;
  /** With figures, without a full stop at the end. */
  readonly words: string;
  /** What to type. */
  readonly hint: string;
}

/** How much would be lost if the source were gone now. */
export interface LossNow {
  /** Milliseconds; undefined: nobody knows, there is nothing to restore. */
  readonly ms: number | undefined;
  /** `ms` is an upper bound. */
  readonly atMost: boolean;
  /** How the figure came about. */
  readonly how: string;
}

/** A source that was asked and did not answer. */
export interface SilentSource {
  /** In its own words, or those of the network. */
  readonly reason: string;
  /** The latest moment at which a point or the log shows that it lived, milliseconds since 1970; undefined: nothing does. */
  readonly aliveMs: number | undefined;
}

export interface StoreStatus {
  readonly store: string;
  readonly role: 'first' | 'copy' | 'log' | 'outside';
  readonly answered: boolean;
  readonly points: number;
  readonly newest: { readonly id: string; readonly atMs: number } | undefined;
  readonly loss: LossNow;
  /** When a point that is there was last read back sound, every byte of it; undefined: never. */
  readonly verifiedMs: number | undefined;
  /** Points that the newest verification found damaged there. */
  readonly damaged: readonly string[];
  /** Holes in the log there: moments between are lost. */
  readonly holes: readonly JudgedHole[];
  /** Of a copy: how long the oldest point that is not there yet has waited, 0 when nothing waits; and what is promised. */
  readonly lagMs?: number;
  readonly waiting?: number;
  readonly withinMs?: number;
}

export interface AssetStatus {
  readonly asset: string;
  readonly type: string;
  /** Why it is left out on purpose; then nothing else is said of it. */
  readonly excluded?: string;
  readonly rank: string | undefined;
  /** Undefined: it answered, or nobody asks it because others keep its copies. */
  readonly silent?: SilentSource;
  readonly loss: LossNow & { readonly store: string | undefined };
  readonly target: { readonly ms: number; readonly of: string } | undefined;
  readonly verdict: 'ok' | 'breached' | 'unknown' | 'no target';
  readonly stores: readonly StoreStatus[];
  readonly verifiedMs: number | undefined;
  readonly provenMs: number | undefined;
  readonly problems: readonly Problem[];
}

export const proofLevels = ['declared', 'checked', 'protected', 'verified', 'restored', 'rehearsed'] as const;
export type ProofLevel = (typeof proofLevels)[number];

export interface LevelStatus {
  readonly level: ProofLevel;
  /** Whether it holds now: for this plan, these assets and this program. */
  readonly holds: boolean;
  /** When it was shown, by what is shown longest ago; undefined: it was never, or needs no showing. */
  readonly atMs: number | undefined;
  /** What shows it, or what keeps it from holding. */
  readonly words: string;
}

export interface ScenarioStatus {
  readonly scenario: string;
  /** The last level of an unbroken row from the first on. */
  readonly level: ProofLevel;
  readonly atMs: number | undefined;
  readonly levels: readonly LevelStatus[];
  /** What keeps it from the next level. */
  readonly missing: string | undefined;
  readonly assets: readonly string[];
  readonly lastDrill: DrillRun | undefined;
  readonly nextDrillMs: number | undefined;
}

export interface DrillRun {
  readonly drill: string;
  readonly run: string;
  readonly atMs: number;
  readonly verdict: 'pass' | 'fail' | 'aborted';
  readonly rtoSeconds: number | undefined;
  readonly rpoSeconds: number | undefined;
}

export interface DrillStatus {
  readonly drill: string;
  readonly scenario: string | undefined;
  readonly restore: string | undefined;
  readonly last: DrillRun | undefined;
  readonly lastPassMs: number | undefined;
  readonly nextMs: number | undefined;
  readonly problems: readonly Problem[];
}

export interface ServiceStatus {
  readonly service: string;
  readonly rank: string | undefined;
  /** The scenario that takes something from it and is proven least; undefined: no scenario does. */
  readonly worst:
    | { readonly scenario: string; readonly level: ProofLevel; readonly atMs: number | undefined }
    | undefined;
  /** The worst of the assets that it needs. */
  readonly loss: LossNow | undefined;
  readonly verdict: AssetStatus['verdict'];
}

export interface ScheduleStatus {
  /** `nobody`: somebody did, and nobody does now; `never`: nobody ever did, so others see to it; `unknown`: a store did not answer. */
  readonly kept: 'now' | 'nobody' | 'never' | 'unknown';
  readonly host: string | undefined;
  /** When it last gave a sign of life. */
  readonly seenMs: number | undefined;
  readonly tasks: readonly TaskFact[];
  readonly problems: readonly Problem[];
}

/** A copy that follows the log in a store, kept by this machine. */
export interface StandbyStatus {
  readonly asset: string;
  /** The folder of it. */
  readonly target: string;
  readonly store: string | undefined;
  /** `silent`: whoever keeps it says nothing any more. */
  readonly state: 'seeding' | 'starting' | 'following' | 'waiting' | 'silent';
  readonly seenMs: number;
  /** How much of what is in the store it has not replayed, and for how long, at most, that has been there. Undefined: not known. */
  readonly behindBytes: number | undefined;
  readonly behindSeconds: number | undefined;
  readonly reason: string | undefined;
  readonly problems: readonly Problem[];
}

export interface KeyStatus {
  readonly key: string;
  /** When it last opened what it should; undefined: never. */
  readonly testedMs: number | undefined;
  /** Whether the one that was tried was given (`--key`), as the one in the safe would be, or found on the machine. */
  readonly escrowed: boolean | undefined;
  readonly problems: readonly Problem[];
}
