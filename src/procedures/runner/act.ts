import type { Scenario } from '../../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { watchForCancel } from '../after/cancel.ts';
import { Meanwhile } from './meanwhile.ts';
import { handsOfRollback } from '../rollback/original.ts';
import { Invariants, judgeSuccess, type Watched } from '../promises/scenario-checks.ts';
import { showRun } from '../records/show.ts';
import type { RunResult, Undoes, Verdict } from '../run-types.ts';
import { stepper } from './stepper.ts';
import { variablesOf } from '../settings/variables.ts';

/** A run as its runner begins to act on it, the first time or again. */
export interface Beginning extends Pick<
  ActiveRun,
  | 'run'
  | 'parameters'
  | 'environment'
  | 'mode'
  | 'tools'
  | 'incident'
  | 'requester'
  | 'order'
  | 'earlier'
  | 'answer'
  | 'lease'
  | 'places'
  | 'confirmed'
  | 'despite'
> {
  readonly scenario: Scenario;
  readonly undoes: Undoes | undefined;
  /** The record that this runner began with. */
  readonly since: number;
  readonly signal: AbortSignal | undefined;
}

/** Walks the steps until nothing is left to do, or something stops it, and writes down how it ended. */
export async function act(beginning: Beginning): Promise<RunResult> {
  const { run, scenario, order, tools, undoes, since } = beginning;
  const { journal } = tools.workspace;
  let active: ActiveRun | undefined;
  const stop = [beginning.signal, beginning.lease?.signal].filter((one) => one !== undefined);
  const watch = watchForCancel(tools.workspace, run, since, AbortSignal.any(stop), () => {
    if (active !== undefined) active.stopped ??= 'paused';
  });
  let invariants: Invariants | undefined;
  const meanwhile = new Meanwhile();
  let verdict: Verdict;
  try {
    active = await activeOf({ ...beginning, meanwhile }, watch.signal);
    if (undoes !== undefined) noteRollback(active, undoes, 'unfinished');
    invariants = new Invariants(active, watchedIn(active));
    await invariants.begin();
    await order.walk(scenario.steps, stepper(active), { sequential: true });
    await invariants.end();
    await judgeSuccess(active);
    verdict = active.stopped ?? 'done';
  } finally {
    await meanwhile.end();
    await invariants?.leave();
    await watch.end();
  }
  if (undoes !== undefined) noteRollback(active, undoes, verdict);
  const kind = verdict === 'needs-human' || verdict === 'paused' ? 'run.waiting' : 'run.finished';
  journal.append(kind, { verdict, error: active.reason?.toJSON() ?? null }, { run });
  return showRun(journal, run);
}

const watchedIn = (active: ActiveRun): Watched => ({
  specs: active.scenario.invariants ?? [],
  what: 'invariants',
  variables: () => variablesOf(active),
});

async function activeOf(beginning: Beginning & Pick<ActiveRun, 'meanwhile'>, signal: AbortSignal): Promise<ActiveRun> {
  const { since: _, undoes, tools, ...own } = beginning;
  const empty = { tools, outputs: new Map(), scopes: new Map() };
  const known = undoes === undefined ? empty : await handsOfRollback(tools, beginning.environment, undoes.run, signal);
  return { ...own, ...known, signal, stopped: undefined, reason: undefined };
}

/** Beside the records of the run that is taken back: whoever looks at that one sees it. */
function noteRollback({ tools, run }: ActiveRun, undoes: Undoes, verdict: Verdict | 'unfinished'): void {
  tools.workspace.journal.append('run.rollback', { run, verdict }, { run: undoes.run });
}
