import type { CheckKind } from '../checks/index.ts';
import type { BackupReport, RestorePlan, RestoreReport, RestoreRequest, Workspace } from '../operations/index.ts';
import type { Scenario } from '../plan/index.ts';
import type { Asked, Requester } from './people/asked.ts';
import type { Elsewhere } from './elsewhere/packet.ts';
import type { CalledDrill, Environment, StepKind, StepMessage } from './step.ts';

/** What a runner works with; handed in, so that a drill hands in other hands than the real day. */
export interface RunnerTools {
  readonly workspace: Workspace;
  readonly stepKinds: readonly StepKind[];
  readonly checkKinds: readonly CheckKind[];
  backup(asset: string, signal: AbortSignal, policy?: string): Promise<BackupReport[]>;
  planRestore(request: RestoreRequest): Promise<RestorePlan>;
  restore(request: RestoreRequest): Promise<RestoreReport>;
  /** Returns what became of it, for people. Throws `message.undelivered`. */
  notify(message: StepMessage, signal: AbortSignal): Promise<string>;
  /** Rehearses a drill of the plan; without it no step can call one. */
  drill?(name: string, signal: AbortSignal): Promise<CalledDrill>;
  /** A lasting environment of the plan, for steps that act in another one than their run. Throws `plan.unknown_name`. */
  environment?(name: string, run: string): Environment;
  /** Asks whoever sits here to type the name of a destructive step; undefined where nobody does. */
  confirm?(ask: {
    readonly step: string;
    readonly question: string;
    readonly signal: AbortSignal;
  }): Promise<string | undefined>;
  /** How long the hold of a target lasts unless it is renewed, milliseconds; default `limits.leaseMs`. */
  readonly leaseMs?: number;
  /** Steps of other sites, where a distributed engine keeps the run going; without it all is done here. */
  readonly elsewhere?: Elsewhere;
  /** Each line that a step puts out, redacted, while it runs. */
  output?(step: string, line: string): void;
}

/** The moments a run is measured against, milliseconds since 1970. */
export interface Incident {
  /** When it broke: t0 of RTO and RPO. */
  readonly impactMs: number;
  /** When somebody or something noticed and said so; detect ends here. */
  readonly declaredMs: number;
  /** The last moment whose data is wanted: the impact, or before a corruption. */
  readonly lastGoodMs: number;
}

export interface RunRequest {
  /** Made by the caller when the environment's folder is named after it. */
  readonly run?: string;
  readonly scenario: Scenario;
  readonly environment: Environment;
  readonly mode: 'real' | 'drill';
  readonly tools: RunnerTools;
  readonly incident: Incident;
  /** Who wants it: they cannot approve it. A procedure that asks for approvals is not started without. */
  readonly by?: Requester;
  /** What people typed for the scenario's parameters, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The run that this one takes back, and what of it stays as it is. */
  readonly undoes?: Undoes;
  /** A person has made sure that nobody else acts there, where a store cannot tell. */
  readonly alone?: boolean;
  /** What keeps it going, where that is not this process alone. */
  readonly engine?: EngineOfRun;
  /** Names of destructive steps that a person typed: they may act. */
  readonly confirm?: readonly string[];
  readonly signal?: AbortSignal;
}

/** Where those who have something to say to a run that a distributed engine keeps going find it. */
export interface EngineOfRun {
  readonly name: string;
  /** The site whose worker leads the run and holds its records. */
  readonly site: string;
  /** The address that takes requests. */
  readonly at: string;
}

export interface Undoes {
  readonly run: string;
  readonly leaves: readonly { readonly step: string; readonly why: string }[];
}

export interface ResumeRequest {
  readonly run: string;
  readonly environment: Environment;
  readonly tools: RunnerTools;
  /** What a person found out about the step that is in doubt. */
  readonly answer?: { readonly step?: string; readonly is: 'done' | 'again'; readonly by: string };
  readonly alone?: boolean;
  /** Names of destructive steps that a person typed: they may act. */
  readonly confirm?: readonly string[];
  /** Why a person goes on although what must stay true is not. */
  readonly despite?: string;
  readonly signal?: AbortSignal;
}

/** `paused`: people asked the runner to begin nothing new; `needs-human`: it waits for their word, or stopped for their sake. */
export type Verdict = 'done' | 'failed' | 'needs-human' | 'cancelled' | 'paused';

export type StepState =
  | 'pending'
  | 'running'
  | 'done'
  | 'skipped'
  | 'failed'
  | 'retry'
  | 'needs-human'
  | 'cancelled'
  | 'interrupted';

/** A run as its records tell it. */
export interface RunResult {
  readonly run: string;
  readonly scenario: string;
  readonly mode: 'real' | 'drill';
  readonly environment: string;
  /** `unfinished`: it runs, or its process ended without a word; `run resume` finds out. */
  readonly verdict: Verdict | 'unfinished';
  readonly startedMs: number;
  readonly finishedMs: number | undefined;
  readonly seconds: number;
  readonly incident: Incident;
  readonly rto: RtoSplit;
  readonly steps: readonly StepReport[];
  /** Why it did not come to its end. */
  readonly reason?: { readonly code: string; readonly message: string; readonly hint?: string };
  readonly questions: readonly { readonly step: string; readonly question: string; readonly asks?: Asked }[];
  readonly requester: Requester | undefined;
  readonly resumed: number;
  /** What a bubble could not ask, in words. */
  readonly unexercised: readonly string[];
  /** The run that it takes back, and the one that took it back. */
  readonly undoes?: Undoes;
  readonly rollback?: { readonly run: string; readonly verdict: Verdict | 'unfinished' };
  /** What keeps it going, where that is not the process that runs it. */
  readonly engine?: EngineOfRun;
  readonly plan: { readonly name: string; readonly hash: string };
  readonly scenarioHash: string;
  readonly tool: string;
  readonly host: string;
}

export interface StepReport {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: StepState;
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** Of all attempts and the pauses between them. */
  readonly seconds: number | undefined;
  readonly attempts: number;
  readonly summary: string;
  readonly budgetMs: number | undefined;
  readonly overBudget: boolean;
  /** Secrets are redacted. */
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly code?: string;
  readonly hint?: string;
  readonly question?: string;
  readonly asks?: Asked;
}

/** The clock from the impact to the last check, milliseconds, cut where the records cut it; the parts add up to the total. */
export interface RtoSplit {
  readonly detectMs: number;
  readonly decideMs: number;
  readonly executeMs: number;
  readonly verifyMs: number;
  readonly waitingForPeopleMs: number;
  /** Until a window opened that a step waited for. */
  readonly waitingForWindowMs: number;
  readonly totalMs: number;
}
