import type { ErrorDetails, ErrorCode } from '../core/index.ts';
import type { Scenario } from '../plan/model.ts';
import type {
  Incident,
  Requester,
  ResumeRequest,
  RunResult,
  SayRequest,
  StepAnswer,
  StepPacket,
} from '../procedures/index.ts';

/**
 * What keeps runs going, whatever dies meanwhile. The journal of the site that leads a run stays the only truth about it; an engine knows no more
 * than which action is under way, and carries words to it.
 */
export interface Engine {
  readonly name: string;
  /** Hands over a run; resolves when it is kept: its end can be asked for whatever happens to this process. A second call with the same run changes nothing. */
  start(order: RunOrder): Promise<void>;
  /** Says something to a run that waits. Throws what the word meets: `run.missing`, `run.held` while a runner acts, `run.not_asked`, … */
  signal(address: RunAddress, word: Word): Promise<Heard>;
  /** Ends it: at once if it waits, else as soon as what acts has stopped. */
  cancel(address: RunAddress, by: Requester, reason?: string): Promise<Heard>;
  /** Waits until the run ends, or stops at a question, later than what was `heard`. Throws what kept it from beginning. */
  result(address: RunAddress, heard?: Heard, signal?: AbortSignal): Promise<RunResult>;
  close(): Promise<void>;
}

/** What a procedure may ask of its engine while it runs: everything else it computes from what these gave, so that it can be told anew. */
export interface InsideRun {
  /** A named action at a site: JSON in, JSON out, done once however often it is asked for again. */
  step<Name extends ActionName>(site: string, name: Name, input: Input<Name>): Promise<Output<Name>>;
  sleep(ms: number): Promise<void>;
  /** A word that comes from outside under this name, also one that came before it was waited for. */
  signal<T>(name: string): Promise<T>;
  all<T>(pending: readonly Promise<T>[]): Promise<T[]>;
  /** How it stands, for those who wait for its end. */
  tell(standing: Standing): void;
}

/** The actions of a site's worker. None throws what a person could meet: it is in the answer. */
export interface SiteActions {
  /** Whether a procedure of this plan may count on the site. */
  ready(input: { readonly planHash: string }): Promise<Acted>;
  /** Begins a run, or goes on with it, until it ends or stops at a question. */
  act(input: ActInput): Promise<Acted>;
  /** Writes down what people say to a run, before it is woken. */
  hear(input: { readonly run: string; readonly word: Word }): Promise<Acted>;
  /**
   * One attempt of one step for a run that is led elsewhere. Throws what keeps this worker from keeping its records (`journal.*`, `disk.*`, `run.held`):
   * then nobody knows how it stands, and it is to be asked for again.
   */
  step(packet: StepPacket): Promise<StepAnswer>;
  /** Whatever the engine still has of it is never begun. Throws as `step` does. */
  stop(input: { readonly key: string }): Promise<Acted>;
}

export type ActionName = keyof SiteActions;
export type Input<Name extends ActionName> = Parameters<SiteActions[Name]>[0];
export type Output<Name extends ActionName> = Awaited<ReturnType<SiteActions[Name]>>;

export interface ActInput {
  readonly order: RunOrder;
  /** 1 for its beginning, one more for each word that woke it. */
  readonly round: number;
  readonly word?: Word;
}

/** A run as it is handed over: plain JSON with a copy of its procedure, so that no later change of the plan matters. */
export interface RunOrder {
  readonly run: string;
  /** The site that leads it: its worker holds the records, and does each step that names no other site. */
  readonly site: string;
  readonly scenario: Scenario;
  readonly planHash: string;
  readonly environment: string;
  readonly incident: Incident;
  readonly by?: Requester;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly alone?: boolean;
  /** Names of destructive steps that a person typed. */
  readonly confirm?: readonly string[];
  /** The run that it takes back: the site that leads makes the procedure of its own records, `scenario` says which sites that needs. */
  readonly undoes?: string;
}

export type RunAddress = Pick<RunOrder, 'run' | 'site'>;

export type Word =
  | ({ readonly kind: 'resume' } & Pick<ResumeRequest, 'answer' | 'despite' | 'alone' | 'confirm'>)
  | { readonly kind: 'say'; readonly said: Omit<SayRequest, 'run'> }
  | { readonly kind: 'cancel'; readonly by: Requester; readonly reason?: string };

/** How the run stands after an action: `result` where it has begun, `error` where the action was refused. */
export interface Acted {
  readonly result?: RunResult;
  readonly error?: PlainError;
}

/** An error of ours as JSON. */
export interface PlainError extends Pick<ErrorDetails, 'hint' | 'where'> {
  readonly code: ErrorCode;
  readonly message: string;
}

/** In which round a run is, and how that ended, if it has. */
export interface Standing {
  readonly round: number;
  readonly acted?: Acted;
}

/** The round that a word ends: its effect shows in the end of a later one, unless the run is over before. */
export interface Heard {
  readonly after: number;
}
