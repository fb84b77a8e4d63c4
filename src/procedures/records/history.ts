import type { Journal, JournalRecord } from '../../journal/index.ts';
import { LifeboatError } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import type { Asked, Requester, Said } from '../people/asked.ts';
import type { EngineOfRun, Incident, RunResult, StepState, Undoes, Verdict } from '../run-types.ts';

/** What the records of one run say: read by resume, by `run show` and by every report. Pure over records. */
export interface RunHistory {
  readonly run: string;
  readonly started: RunStarted;
  readonly startedMs: number;
  readonly ended:
    | { readonly verdict: Verdict; readonly atMs: number; readonly error: RunResult['reason'] | undefined }
    | undefined;
  readonly steps: ReadonlyMap<string, StepHistory>;
  readonly resumedMs: readonly number[];
  /** The last run that took this one back, or tried to. */
  readonly rollback: { readonly run: string; readonly verdict: Verdict | 'unfinished' } | undefined;
  readonly records: readonly JournalRecord[];
}

/** The record that makes a run independent of later changes of the plan. */
export interface RunStarted {
  readonly scenario: string;
  readonly mode: 'real' | 'drill';
  readonly environment: { readonly name: string; readonly protected: boolean; readonly folder: string };
  readonly plan: { readonly name: string; readonly hash: string };
  readonly scenarioHash: string;
  readonly snapshot: Scenario;
  /** SHA-256 of the snapshot before the journal redacted it: a redacted one cannot be run again. */
  readonly snapshotHash: string;
  readonly incident: Incident;
  readonly by?: Requester;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly undoes?: Undoes;
  readonly engine?: EngineOfRun;
  readonly tool: string;
  readonly host: string;
  readonly pid: number;
}

export interface StepHistory {
  readonly state: StepState;
  readonly kind: string;
  readonly title: string;
  readonly verifies: boolean;
  readonly budgetMs: number | undefined;
  readonly attempts: number;
  readonly startedMs: number;
  readonly finishedMs: number | undefined;
  readonly summary: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Names of outputs that the journal holds redacted. */
  readonly redacted: readonly string[];
  readonly remembered: Readonly<Record<string, unknown>>;
  readonly code: string | undefined;
  readonly hint: string | undefined;
  /** It failed after it had acted: what it was to bring about is not there. */
  readonly acted: boolean;
  readonly question: string | undefined;
  /** What people are to answer, where the question has a form. */
  readonly asked: Asked | undefined;
  readonly said: readonly Said[];
  /** What it left going on beside the run did, of each runner. */
  readonly meanwhile: readonly string[];
  /** A person's word on a step in doubt, if it came after the doubt. */
  readonly answer: 'done' | 'again' | undefined;
}

/** Throws `run.missing`. */
export function readHistory(journal: Journal, run: string): RunHistory {
  return historyOf(journal.records({ run }), run);
}

export function historyOf(records: readonly JournalRecord[], run: string): RunHistory {
  const first = records.find(({ kind }) => kind === 'run.started');
  if (first === undefined) {
    throw new LifeboatError('run.missing', `there is no run ${run}`, { hint: 'List them: lifeboat runs' });
  }
  const steps = new Map<string, StepHistory>();
  let ended: RunHistory['ended'];
  let rollback: RunHistory['rollback'];
  const resumedMs: number[] = [];
  for (const record of records) {
    if (record.kind === 'run.resumed') {
      resumedMs.push(record.atMs);
      ended = undefined;
    } else if (record.kind === 'run.finished' || record.kind === 'run.waiting') {
      ended = {
        verdict: record.data['verdict'] as Verdict,
        atMs: record.atMs,
        error: (record.data['error'] ?? undefined) as RunResult['reason'],
      };
    } else if (record.kind === 'run.rollback') {
      rollback = record.data as unknown as NonNullable<RunHistory['rollback']>;
    } else if (record.kind.startsWith('step.')) {
      const id = String(record.data['step']);
      steps.set(id, afterRecord(steps.get(id), record));
    }
  }
  const started = first.data as unknown as RunStarted;
  return { run, started, startedMs: first.atMs, ended, steps, resumedMs, rollback, records };
}

function afterRecord(before: StepHistory | undefined, { kind, data, atMs }: JournalRecord): StepHistory {
  const step = before ?? untouched(atMs);
  if (kind === 'step.started') return started(step, data, before === undefined ? atMs : step.startedMs);
  if (kind === 'step.remembered') {
    return { ...step, remembered: { ...step.remembered, ...(data['facts'] as Record<string, unknown>) } };
  }
  if (kind === 'step.answered') return { ...step, answer: data['answer'] as 'done' | 'again' };
  if (kind === 'step.said') return { ...step, said: [...step.said, saidOf(data, atMs)] };
  if (kind === 'step.meanwhile' && data['summary'] !== undefined)
    return { ...step, meanwhile: [...step.meanwhile, String(data['summary'])] };
  if (kind !== 'step.finished') return step;
  return {
    ...step,
    kind: text(data['kind']) ?? step.kind,
    title: text(data['title']) ?? step.title,
    state: data['state'] as StepState,
    finishedMs: atMs,
    summary: text(data['summary']) ?? '',
    outputs: (data['outputs'] ?? {}) as Record<string, unknown>,
    redacted: (data['redacted'] ?? []) as string[],
    code: text(data['code']),
    hint: text(data['hint']),
    acted: data['acted'] === true,
    question: text(data['question']),
    asked: data['asks'] === undefined ? undefined : (data['asks'] as Asked),
    answer: undefined,
  };
}

const started = (step: StepHistory, data: Record<string, unknown>, startedMs: number): StepHistory => ({
  ...step,
  state: 'running',
  kind: String(data['kind']),
  title: String(data['title']),
  verifies: data['verifies'] === true,
  budgetMs: typeof data['budgetMs'] === 'number' ? data['budgetMs'] : undefined,
  attempts: Number(data['attempt']),
  startedMs,
  finishedMs: undefined,
  summary: '',
  code: undefined,
  hint: undefined,
  acted: false,
  question: undefined,
  asked: undefined,
});

const untouched = (atMs: number): StepHistory => ({
  state: 'pending',
  kind: '',
  title: '',
  verifies: false,
  budgetMs: undefined,
  attempts: 0,
  startedMs: atMs,
  finishedMs: undefined,
  summary: '',
  outputs: {},
  redacted: [],
  remembered: {},
  code: undefined,
  hint: undefined,
  acted: false,
  question: undefined,
  asked: undefined,
  said: [],
  meanwhile: [],
  answer: undefined,
});

const saidOf = (data: Record<string, unknown>, atMs: number): Said => ({
  word: data['word'] as Said['word'],
  round: Number(data['round']),
  as: String(data['as']),
  role: text(data['role']),
  user: String(data['user']),
  atMs,
  reason: text(data['reason']),
  option: text(data['option']),
  inputs: (data['inputs'] ?? {}) as Record<string, unknown>,
});

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
