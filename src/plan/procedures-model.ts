import type * as declared from './declarations.ts';
import type { Calendar, CheckSpec, Objectives, Place } from './model.ts';

/** Scenarios with their steps, and the drills that rehearse them, after loading. */

export interface Scenario {
  readonly name: string;
  readonly trigger: string | undefined;
  readonly loses: { readonly assets: readonly string[]; readonly domains: readonly string[] };
  /** The first that it names; `severities` has all, where people choose by the impact. */
  readonly severity: string | undefined;
  readonly severities?: readonly string[];
  readonly objectives: Objectives;
  readonly about?: string;
  readonly category?: string;
  readonly goal?: string;
  readonly impact?: string;
  /** How long it is expected to take, apart from what is promised. */
  readonly expected?: declared.DurationRange;
  readonly parameters?: ReadonlyMap<string, declared.Parameter>;
  readonly answers?: string;
  readonly documents?: readonly string[];
  readonly checklists?: readonly string[];
  readonly success?: readonly CheckSpec[];
  /** What must stay true while it runs. */
  readonly invariants?: readonly CheckSpec[];
  readonly lastTested?: string;
  readonly steps: readonly StepDeclaration[];
  /** Of everything a run of this scenario depends on: its steps, assets, services, checks. */
  readonly hash: string;
}

export interface StepDeclaration {
  /** An identifier, unique in its scenario; made from kind and position when the plan gives none. */
  readonly id: string;
  /** The one key that says what the step does: `restore`, `check`, `exec`, `parallel`, … */
  readonly kind: string;
  /** What stands under that key; checked by the kind's schema. May hold `${…}`. */
  readonly settings: unknown;
  /** What stands beside it under the keys that the kind owns (`at`, `into` of `restore`). May hold `${…}`. */
  readonly siblings: Readonly<Record<string, unknown>>;
  /** Names of earlier steps; undefined: the one before. */
  readonly needs: readonly string[] | undefined;
  /** A `${…}` that decides whether the step runs. */
  readonly if: string | undefined;
  readonly budgetMs: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly retry: { readonly times: number; readonly pauseMs: number };
  /** The steps inside a `parallel`. */
  readonly steps: readonly StepDeclaration[];
  readonly place: Place;
  /** Of a step that a `call` brought into a run: under which name. What it names, it names in the scenario that was called. */
  readonly scope?: string;
  /** Of a `call`, once its steps are written out for a run. */
  readonly called?: CalledScenario;
  /** The ways of a `choose` that is written with steps or scenarios. */
  readonly options?: readonly StepOption[];
  readonly title?: string;
  /** As a document has it, kept beside the typed step. */
  readonly command?: string;
  readonly program?: string;
  /** The environment, where it is not that of the run. */
  readonly in?: string;
  /** The domain whose worker does it, where a distributed engine keeps the run going; else it is done where the run is. */
  readonly site?: string;
  readonly owner?: string;
  readonly window?: string;
  readonly uses?: readonly string[];
  readonly takes?: readonly declared.Thing[];
  readonly makes?: readonly declared.Thing[];
  readonly stops?: readonly string[];
  readonly starts?: readonly string[];
  readonly destructive?: boolean;
  readonly idempotent?: boolean;
  /** What takes it back, in words for people. */
  readonly undo?: string;
  /** The step that takes it back. */
  readonly undoBy?: StepDeclaration;
  /** What must be green before it acts. */
  readonly guard?: readonly CheckSpec[];
  /** What must be green after it. */
  readonly verify?: readonly CheckSpec[];
}

export interface StepOption {
  readonly name: string;
  readonly when?: string;
  readonly if?: string;
  readonly call?: string;
  readonly steps: readonly StepDeclaration[];
  /** Once the steps of the called scenario are written out for a run. */
  readonly called?: CalledScenario;
}

export interface CalledScenario {
  readonly scenario: string;
  /** What stands before the names of its steps. */
  readonly scope: string;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Values for its parameters; may hold `${…}` of the caller. */
  readonly with: Readonly<Record<string, unknown>>;
  /** As the called scenario has them. */
  readonly success?: readonly CheckSpec[];
  readonly invariants?: readonly CheckSpec[];
}

export interface DrillDeclaration {
  readonly name: string;
  /** A scenario to rehearse, or a restore of one asset (`random`: any). Exactly one of both. */
  readonly scenario: string | undefined;
  readonly restore: string | undefined;
  readonly every: readonly Calendar[];
  readonly in: string;
  readonly expect: DrillCriteria;
  readonly about?: string;
  /** How long it is planned to take. */
  readonly budget?: declared.DurationRange;
  readonly stages?: readonly declared.Stage[];
  readonly owner?: string;
  /** Which point is restored where the procedure names none; the newest unless stated. */
  readonly point?: 'newest' | 'random';
  /** Contacts who cannot be reached in it; `random`: one of those whom it needs. */
  readonly absent?: 'random' | readonly string[];
}

export interface DrillCriteria {
  readonly rtoMs?: number;
  readonly rpoMs?: number;
  /** At most so many acknowledged things may be lost. */
  readonly lost?: number;
  readonly health?: boolean;
}
