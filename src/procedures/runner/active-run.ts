import type { LifeboatError } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import type { RunHistory } from '../records/history.ts';
import type { Lease } from '../targets/lease/index.ts';
import type { Meanwhile } from './meanwhile.ts';
import type { Order } from './order.ts';
import type { Requester, Said } from '../people/index.ts';
import type { Incident, RunnerTools, Verdict } from '../run-types.ts';
import type { Environment } from '../step.ts';

export interface HeldTargets extends Pick<Lease, 'holds' | 'signal'> {
  /** Throws `run.lease_lost`: at once where the run is led, after a look at the stores elsewhere. */
  mustHold(): void | Promise<void>;
}

/** A run while a runner acts on it: what the small files of the runner hand to each other. */
export interface ActiveRun {
  readonly run: string;
  readonly scenario: Scenario;
  readonly environment: Environment;
  readonly mode: 'real' | 'drill';
  readonly tools: RunnerTools;
  readonly incident: Incident;
  /** What its parameters are in this run; those it does not name stand by their default. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly requester: Requester | undefined;
  readonly order: Order;
  /** What was recorded before this runner took over; undefined in a fresh run. */
  readonly earlier: RunHistory | undefined;
  readonly answer: { readonly step?: string; readonly is: 'done' | 'again'; readonly by: string } | undefined;
  /** Outputs of finished steps as they are, secrets included: only in memory. */
  readonly outputs: Map<string, Record<string, unknown>>;
  /** What the names mean in called scenarios that have begun, by the name of the call. */
  readonly scopes: Map<string, { readonly scenario: string; readonly parameters: Readonly<Record<string, unknown>> }>;
  /** What people said to the one step that is done for a run of another site; else the journal has it. */
  readonly said?: readonly Said[];
  /** The site that does one step of it for another; else the hands of the run know. */
  readonly site?: string;
  /** Other environments that steps name, by their names. */
  readonly places: ReadonlyMap<string, Environment>;
  /** Names of destructive steps that a person typed. */
  readonly confirmed: ReadonlySet<string>;
  /** The run that this one takes back. */
  readonly original?: ActiveRun;
  /** Why a person goes on although what must stay true is not. */
  readonly despite: string | undefined;
  /** What keeps others from acting on the same target; a drill has its bubble for itself. */
  readonly lease: HeldTargets | undefined;
  /** What goes on beside the steps until this runner ends. */
  readonly meanwhile: Pick<Meanwhile, 'begin'>;
  /** What must stay true while it goes on, its own and that of scenarios which it called and that are under way. */
  readonly watching: Set<{ ask(): Promise<void> }>;
  /** The runner itself cannot go on (its journal, its disk): ends every running step too. */
  readonly breakOff: (error: unknown) => void;
  /** Ends every running step when it fires. */
  readonly signal: AbortSignal;
  /** Set by the first step that does not pass; nothing new starts then. */
  stopped: Exclude<Verdict, 'done'> | undefined;
  /** What stopped it, for the message of the last record. */
  reason: LifeboatError | undefined;
}
