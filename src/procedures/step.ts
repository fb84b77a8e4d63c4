import type { z } from 'zod';
import type { Asset } from '../assets/index.ts';
import type { CheckKind, CheckResult } from '../checks/index.ts';
import type { Clock, Progress } from '../core/index.ts';
import type {
  BackupReport,
  CopyReport,
  CopyRequest,
  KeptStandby,
  PromoteReport,
  PromoteRequest,
  RestorePlan,
  RestoreReport,
  RestoreRequest,
} from '../operations/index.ts';
import type { Plan } from '../plan/index.ts';
import type { Asked, Said } from './people/asked.ts';

/**
 * One kind of step: a named action with JSON in and out. The runner calls it; it knows nothing of order, journal or resume.
 * `describe` for the dry run, `run` for the act, `inspect` after a crash between the two records of the act.
 */
export interface StepKind<Settings = unknown> {
  readonly kind: string;
  /** What it does, for docs/steps.md: the first sentence says it all. */
  readonly about?: string;
  /** How plans write it: a list of steps in YAML, that a plan reads. */
  readonly example?: string;
  /** The value under the step's key. */
  readonly schema: z.ZodType<Settings>;
  /** Keys that this kind owns beside its own (`at` and `into` of `restore`), with their schemas. */
  readonly siblings?: Readonly<Record<string, z.ZodType>>;
  /** Changes something that cannot simply be made again. */
  readonly destructive: boolean;
  /** It makes nothing new, it only finds out whether things are right: its time counts as verifying. */
  readonly verifies?: boolean;
  /** What a drill exercises of it: all, what is inside the bubble, or nothing. What is left out says so (`notExercised`), and never passed. */
  readonly inBubble?: 'all' | 'inside' | 'nothing';
  /** The surest that a dry run ever is of it: whatever `describe` says, no more than that is shown. Unless stated `predicted`. */
  readonly surest?: StepPreview['certainty'];
  /** How long these settings may take by themselves (`wait: 2h`), milliseconds: a step without a timeout gets at least that. */
  longestMs?(settings: Settings): number | undefined;
  /** What of these settings, as they are written, is words for people that nothing executes: said when the plan is loaded. */
  notYet?(written: unknown): string | undefined;
  /** Who has to decide or act, by these settings as they are written: roles or contacts; none named: anybody; undefined: nobody has to. */
  people?(written: unknown): readonly string[] | undefined;
  /** It is about its run itself, and done where that is led: a step of it can have no other site. */
  readonly ofItsRun?: boolean;
  /** One line for people: `restore orders into a new place`. */
  title(settings: Settings, siblings: Record<string, unknown>): string;
  describe(step: StepInput<Settings>, context: StepContext): Promise<StepPreview>;
  run(step: StepInput<Settings>, context: StepContext): Promise<StepOutcome>;
  /**
   * After a crash: did it happen? Without this method an interrupted step is run again only if it is not destructive.
   * Also asked for a finished step whose outputs held a secret: the journal has them redacted, `outputs` is what it has.
   */
  inspect?(step: StepInput<Settings>, context: StepContext): Promise<'done' | 'not-done' | 'unknown' | StepOutcome>;
  /**
   * Takes back what `run` did, or may have done before it was interrupted: `outputs` and `remembered` say what that was. Done twice it
   * brings about the same, for a rollback is gone on with after a crash. Where the world is neither as `run` left it nor as it was before,
   * it refuses. A kind without it leaves the undoing to the plan (`undo` of the step) or to people.
   */
  undo?(step: StepInput<Settings>, context: StepContext): Promise<StepOutcome>;
  /** Whether `undo` can take back a step of these settings, as they are written; without it: any. */
  takesBack?(written: unknown): boolean;
  /**
   * Asks the world, from outside, whether what `run` (`done`) or `undo` (`undone`) is to bring about is so now. Changes nothing. An undo that
   * nothing proves is shown to a person.
   */
  prove?(step: StepInput<Settings>, context: StepContext, is: 'done' | 'undone'): Promise<StepProof>;
  /**
   * What goes on from when this step is done until its runner ends: with the run, when that waits, or when it is stopped. Begun again when the run is
   * gone on with. Ends soon after its signal and leaves nothing behind; says what it did. What breaks in it stops nothing.
   */
  meanwhile?(step: StepInput<Settings>, context: StepContext): Promise<string>;
}

export interface StepProof {
  readonly state: 'proved' | 'refuted' | 'unknown';
  /** What was seen, for the record. */
  readonly text: string;
}

/** The settings of one step in one run, every `${…}` already replaced. */
export interface StepInput<Settings> {
  readonly id: string;
  /** The same for every attempt of this step in this run, also after a crash: for idempotency. */
  readonly key: string;
  readonly settings: Settings;
  readonly siblings: Record<string, unknown>;
  /** What earlier attempts of this step told `remember`, newest wins: where they were about to act. */
  readonly remembered: Readonly<Record<string, unknown>>;
  /** The environment that it acts in, where that is not the run's. */
  readonly in?: string;
  /** What the plan says of doing it twice. */
  readonly idempotent?: boolean;
  /** Only for `inspect`: its last attempt has no end in the records, as its runner died. Else that attempt failed, and people go on with the run. */
  readonly unfinished?: boolean;
  /** What a finished step gave: only for its `inspect`, `undo` and `prove`. */
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export type StepOutcome =
  | { readonly state: 'done'; readonly outputs: Record<string, unknown>; readonly summary: string }
  /**
   * With `asks` those who said no may still say yes; then the run can be gone on with. `byPeople`: it is what people chose, and is tried again only
   * when they go on with the run.
   */
  | {
      readonly state: 'failed';
      readonly code: string;
      readonly summary: string;
      readonly hint?: string;
      readonly asks?: Asked;
      readonly byPeople?: boolean;
    }
  | { readonly state: 'retry'; readonly summary: string }
  /** Its run stopped before it was done (`goesOn`): it is begun again when that is gone on with. */
  | { readonly state: 'interrupted'; readonly summary: string }
  /** With `asks` people answer by `run approve`, `attest` or `choose`, and the step is run again; else by `--done` or `--again`. */
  | { readonly state: 'needs-human'; readonly question: string; readonly asks?: Asked }
  /** It was left out, and the record says so: what is not exercised never counts as done. */
  | { readonly state: 'skipped'; readonly summary: string };

/** What a bubble cannot rehearse. */
export const notExercised = (why: string): StepOutcome => ({ state: 'skipped', summary: `not exercised: ${why}` });

/** What a dry run can honestly say of a step. Unknown is never ok. */
export interface StepPreview {
  readonly certainty: 'proved' | 'predicted' | 'unknown';
  readonly text: string;
}

/** Everything a step may touch. A drill gets another one than the real run: that is the whole difference. */
export interface StepContext {
  readonly plan: Plan;
  /** This machine, and the site that it works for where an engine keeps the run going. */
  readonly here: { readonly host: string; readonly site: string | undefined };
  /** An environment of this run by its name; undefined for one that this run, or this site of it, does not have. */
  place(name: string): Environment | undefined;
  readonly mode: 'real' | 'drill' | 'dry';
  readonly environment: Environment;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly incident: { readonly impactMs: number; readonly lastGoodMs: number };
  readonly checkKinds: readonly CheckKind[];
  asset(name: string): Asset;
  /** `policy`: the point goes where this policy of the plan wants it, instead of the asset's own. */
  backup(asset: string, policy?: string): Promise<readonly BackupReport[]>;
  /** Why the stores of an asset, or of that policy, are not well; undefined when they are. Changes nothing. */
  storesUnwell(asset: string, policy?: string): Promise<string | undefined>;
  /** Copies what one store holds to another; with `dryRun` says what would be copied. */
  replicate(request: Pick<CopyRequest, 'from' | 'to' | 'prefix' | 'dryRun'>): Promise<CopyReport>;
  /** What `restore` would do; changes nothing. */
  planRestore(request: RestoreRequest): Promise<RestorePlan>;
  restore(request: RestoreRequest): Promise<RestoreReport>;
  check(asset: string, url: string): Promise<CheckResult[]>;
  /** A standby that is fed from a store, in a folder of this machine; changes nothing. */
  keptStandby(asset: string, folder: string): Promise<KeptStandby>;
  /** Lets it take the place of its source. Throws `standby.not_fenced`. */
  promoteStandby(request: Omit<PromoteRequest, 'say' | 'signal'>): Promise<PromoteReport>;
  /** What people said to this step's questions so far, in this run. */
  said(): readonly Said[];
  /** The contact that started the run, if they said so. */
  readonly requester: string | undefined;
  /** The urls of what this run's steps have restored. */
  copies(): readonly string[];
  /** What finished steps of this run gave, by their names. */
  given(): ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Rehearses a drill of the plan, in a bubble and as a run of its own. */
  drill(name: string): Promise<CalledDrill>;
  /**
   * `key` is the same for a message that is sent again after a crash; it is delivered once for each. Returns what became of it, for people.
   * Throws `message.undelivered`.
   */
  notify(message: StepMessage): Promise<string>;
  /** What the names in a template mean, now. */
  messageFacts(): Readonly<Record<string, unknown>>;
  /** Writes down, durably and before the act, where this step is about to act; given back as `remembered`. Never a secret. */
  remember(facts: Record<string, unknown>): void;
  /**
   * To be awaited right before an effect that takes a while to get to: resolves while this runner holds its target, throws `run.lease_lost` when
   * another one may have taken over (this one slept, or its store was away). The runner asks by itself before `run` and `undo` begin.
   */
  mustHold(): Promise<void>;
  /**
   * Whether the run goes on: not any more when what must stay true is not, when people paused it, or when a step beside this one failed. For a step
   * whose end means something for the whole run; `asked`: what must stay true is asked now, first.
   */
  goesOn(how?: { readonly asked: boolean }): Promise<boolean>;
  /** A line of output for the record and for people who watch; redacted. */
  output(line: string): void;
}

export interface StepMessage {
  readonly key: string;
  readonly channel: string;
  readonly subject: string;
  readonly body: string;
}

/** What came of a drill that a step called. */
export interface CalledDrill {
  readonly run: string;
  readonly verdict: 'pass' | 'fail';
  readonly rtoSeconds: number | undefined;
  readonly rpoSeconds: number | undefined;
  readonly lost: number | undefined;
  /** The page of its evidence. */
  readonly report: string;
  /** What was not met, in words. */
  readonly failed: readonly string[];
}

/** Where steps act: production, or a bubble of its own folders and ports. */
export interface Environment {
  readonly name: string;
  readonly protected: boolean;
  readonly ephemeral: boolean;
  /** New things (restored copies, work files) go below this folder. */
  readonly folder: string;
  /** Settings of services that a switch turns and that the plan gives no file of their own: these outlast a run. */
  readonly settingsFolder: string;
  /** The address of a service here, if it runs here. */
  serviceUrl(service: string): string | undefined;
  /** A place that does not exist yet, for a restored copy. */
  newTarget(asset: string): string;
  /** Whatever was started for this environment is registered here, so that a bubble can be destroyed whole. */
  adopt(thing: { name: string; stop(): Promise<void>; pid?: number }): void;
}
