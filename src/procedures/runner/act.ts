import type { Scenario } from '../../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { watchForCancel } from '../after/cancel.ts';
import { Meanwhile } from './meanwhile.ts';
import { handsOfRollback } from '../rollback/original.ts';
import { Invariants, judgeSuccess, type Watched } from '../promises/scenario-checks.ts';
import { showRun } from '../records/show.ts';
import type { RunResult, Undoes, Verdict } from '../run-types.ts';
import { stepper } from './stepper.ts';
import { unlessStopped } from './stopped.ts';
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
  const { run, tools, undoes, since } = beginning;
  const { journal } = tools.workspace;
  let active: ActiveRun | undefined;
  const broken = new AbortController();
  const stop = [beginning.signal, beginning.lease?.signal, broken.signal].filter((one) => one !== undefined);
  const watch = watchForCancel(tools.workspace, run, since, AbortSignal.any(stop), () => {
    if (active !== undefined) active.stopped ??= 'paused';
  });
  let invariants: Invariants | undefined;
  const meanwhile = new Meanwhile();
  let verdict: Verdict;
  try {
    const breakOff = (error: unknown): void => broken.abort(error);
    active = await activeOf({ ...beginning, meanwhile, breakOff }, watch.signal);
    if (undoes !== undefined) noteRollback(active, undoes, 'unfinished');
    invariants = new Invariants(active, watchedIn(active));
    await walkWatched(active, invariants);
    verdict = active.stopped ?? 'done';
  } finally {
    await allEnded([() => meanwhile.end(), async () => invariants?.leave(), () => watch.end()]);
  }
  if (undoes !== undefined) noteRollback(active, undoes, verdict);
  const kind = verdict === 'needs-human' || verdict === 'paused' ? 'run.waiting' : 'run.finished';
  journal.append(kind, { verdict, error: active.reason?.toJSON() ?? null }, { run });
  return showRun(journal, run);
}

async function walkWatched(active: ActiveRun, invariants: Invariants): Promise<void> {
  await unlessStopped(active, () => invariants.begin());
  await active.order.walk(active.scenario.steps, stepper(active), { sequential: true });
  await unlessStopped(active, () => invariants.end());
  await unlessStopped(active, () => judgeSuccess(active));
}

/** Each of them, whatever becomes of those before it; then throws the first error. */
async function allEnded(ends: readonly (() => Promise<void>)[]): Promise<void> {
  const settled: PromiseSettledResult<void>[] = [];
  for (const end of ends) settled.push(...(await Promise.allSettled([end()])));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
}

const watchedIn = (active: ActiveRun): Watched => ({
  specs: active.scenario.invariants ?? [],
  what: 'invariants',
  variables: () => variablesOf(active),
});

async function activeOf(
  beginning: Beginning & Pick<ActiveRun, 'meanwhile' | 'breakOff'>,
  signal: AbortSignal,
): Promise<ActiveRun> {
  const { since: _, undoes, tools, ...own } = beginning;
  const empty = { tools, outputs: new Map(), scopes: new Map() };
  const known = undoes === undefined ? empty : await handsOfRollback(tools, beginning.environment, undoes.run, signal);
  return { ...own, ...known, watching: new Set(), signal, stopped: undefined, reason: undefined };
}

/** Beside the records of the run that is taken back: whoever looks at that one sees it. */
function noteRollback({ tools, run }: ActiveRun, undoes: Undoes, verdict: Verdict | 'unfinished'): void {
  tools.workspace.journal.append('run.rollback', { run, verdict }, { run: undoes.run });
}
