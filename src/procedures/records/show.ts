import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { historyOf, readHistory, type RunHistory } from './history.ts';
import { insideOf } from '../runner/order.ts';
import { clockEndMs, splitRto } from './rto.ts';
import type { RunResult, StepReport } from '../run-types.ts';

/** One run, from its records alone. Throws `run.missing`. */
export function showRun(journal: Journal, run: string): RunResult {
  return resultOf(readHistory(journal, run));
}

/** All runs of this journal, newest first. */
export function listRuns(journal: Journal): RunResult[] {
  return runsOf(journal.records({ kinds: ['run.*', 'step.*'] }));
}

/** All runs that these records tell of, newest first. */
export function runsOf(records: readonly JournalRecord[]): RunResult[] {
  const byRun = Map.groupBy(records, ({ run }) => run);
  return [...byRun]
    .flatMap(([run, own]) =>
      run !== undefined && own.some(({ kind }) => kind === 'run.started') ? [resultOf(historyOf(own, run))] : [],
    )
    .sort((a, b) => b.startedMs - a.startedMs);
}

export function resultOf(history: RunHistory): RunResult {
  const { started, startedMs, ended } = history;
  const lastMs = ended?.atMs ?? history.records.at(-1)?.atMs ?? startedMs;
  const steps = flatSteps(started.snapshot).map((step) => reportOf(step, history));
  const passedOver = passedOverIn(started.snapshot.steps, history);
  return {
    run: history.run,
    scenario: started.scenario,
    mode: started.mode,
    environment: started.environment.name,
    verdict: ended?.verdict ?? 'unfinished',
    startedMs,
    finishedMs: ended?.atMs,
    seconds: (lastMs - startedMs) / 1000,
    incident: started.incident,
    rto: splitRto(history.records, started.incident, clockEndMs(history, lastMs)),
    steps: steps.map((step) => (passedOver.has(step.id) ? notChosen(step) : step)),
    ...(ended?.error === undefined ? {} : { reason: ended.error }),
    questions: steps.flatMap(({ id, state, question, asks }) =>
      state === 'needs-human' && question !== undefined
        ? [{ step: id, question, ...(asks === undefined ? {} : { asks }) }]
        : [],
    ),
    requester: started.by,
    resumed: history.resumedMs.length,
    unexercised: history.records.flatMap(({ kind, data }) =>
      kind === 'run.unexercised' ? [String(data['text'])] : [],
    ),
    ...(started.undoes === undefined ? {} : { undoes: started.undoes }),
    ...(history.rollback === undefined ? {} : { rollback: history.rollback }),
    ...(started.engine === undefined ? {} : { engine: started.engine }),
    plan: started.plan,
    scenarioHash: started.scenarioHash,
    tool: started.tool,
    host: started.host,
  };
}

/** Every step of a scenario in the order of the plan, those inside a group after it, in all its ways. */
export function flatSteps({ steps }: Pick<Scenario, 'steps'>): StepDeclaration[] {
  return steps.flatMap((step) => [step, ...flatSteps({ steps: insideOf(step) })]);
}

/** A snapshot as its run began with it: what JSON has no word for is there again. */
export const revived = (snapshot: Scenario): Scenario => ({
  ...snapshot,
  parameters: new Map(Object.entries(snapshot.parameters ?? {})),
});

/** Steps of the ways that were not chosen. */
function passedOverIn(steps: readonly StepDeclaration[], history: RunHistory): Set<string> {
  const found = flatSteps({ steps }).flatMap(({ id, options = [] }) => {
    const chosen = history.steps.get(id)?.remembered['chosen'];
    if (chosen === undefined) return [];
    return options.filter(({ name }) => name !== chosen).flatMap((option) => flatSteps(option));
  });
  return new Set(found.map(({ id }) => id));
}

const notChosen = (step: StepReport): StepReport => ({
  ...step,
  state: 'skipped',
  summary: 'another way was chosen',
});

function reportOf(step: StepDeclaration, history: RunHistory): StepReport {
  const known = history.steps.get(step.id);
  if (known === undefined) return pending(step);
  const seconds = known.finishedMs === undefined ? undefined : (known.finishedMs - known.startedMs) / 1000;
  return {
    id: step.id,
    kind: step.kind,
    title: known.title || step.kind,
    state: known.state,
    startedMs: known.attempts === 0 ? undefined : known.startedMs,
    finishedMs: known.finishedMs,
    seconds,
    attempts: known.attempts,
    summary: [known.summary, ...known.meanwhile].filter((part) => part !== '').join('; '),
    budgetMs: step.budgetMs,
    overBudget: seconds !== undefined && step.budgetMs !== undefined && seconds * 1000 > step.budgetMs,
    outputs: known.outputs,
    ...(known.code === undefined ? {} : { code: known.code }),
    ...(known.hint === undefined ? {} : { hint: known.hint }),
    ...(known.question === undefined ? {} : { question: known.question }),
    ...(known.asked === undefined ? {} : { asks: known.asked }),
  };
}

const pending = (step: StepDeclaration): StepReport => ({
  id: step.id,
  kind: step.kind,
  title: step.kind,
  state: 'pending',
  startedMs: undefined,
  finishedMs: undefined,
  seconds: undefined,
  attempts: 0,
  summary: '',
  budgetMs: step.budgetMs,
  overBudget: false,
  outputs: {},
});
