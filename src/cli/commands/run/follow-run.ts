import { formatDuration, isoTime, limits } from '../../../core/index.ts';
import type { Workspace } from '../../../operations/index.ts';
import { hasRunner, readHistory, showRun, type RunResult, type StepReport } from '../../../procedures/index.ts';
import type { Output } from '../../output.ts';

/**
 * Shows a run as it goes on, a line for each step that begins or ends, and the way that is left, until it ends or waits, its runner died, or the
 * signal fires. Changes nothing. Returns the run as it stands then.
 */
export async function followRun(
  workspace: Workspace,
  run: string,
  output: Output,
  signal: AbortSignal,
): Promise<RunResult> {
  const { journal, clock } = workspace;
  const shown = new Map<string, string>();
  for (;;) {
    // Asked before the records are read: what it still wrote before it ended is in them then.
    const isGone = hasRunner(workspace, readHistory(journal, run)) === false;
    const now = showRun(journal, run);
    const changed = now.steps.filter((step) => shown.get(step.id) !== stateOf(step) && step.state !== 'pending');
    for (const step of changed) {
      shown.set(step.id, stateOf(step));
      output.line(`${isoTime(step.finishedMs ?? step.startedMs ?? clock.now())}  ${lineOf(step)}`);
    }
    if (now.verdict === 'unfinished' && isGone) return now; // whoever shows it says so
    if (changed.length > 0 && now.verdict === 'unfinished') output.line(`  ${whereItStands(now, clock.now())}`);
    if (now.verdict !== 'unfinished') return now;
    try {
      await clock.sleep(limits.cancelLookMs, signal);
    } catch (error) {
      if (signal.aborted) return showRun(journal, run); // whoever watches has seen enough; the run goes on
      throw error;
    }
  }
}

/** Its records end in the middle, and nobody goes on by himself. */
export const goneWords = (run: string): string =>
  `its runner ended without a word: nobody acts on this run. What was done is not lost; go on: lifeboat run resume ${run}`;

const stateOf = ({ state, attempts }: StepReport): string => `${state} ${attempts}`;

function lineOf({ id, state, title, summary, seconds, attempts, overBudget }: StepReport): string {
  if (state === 'running') return `${id} begins${attempts > 1 ? ` (try ${attempts})` : ''}: ${title}`;
  const took = seconds === undefined ? '' : ` after ${formatDuration(seconds * 1000)}`;
  return `${id} is ${state}${took}${overBudget ? ', over its budget' : ''}${summary === '' ? '' : `: ${summary}`}`;
}

/** Now, next, what is left of the budgets, and when it would end by them. Steps without a budget make that unknown, and are named. */
export function whereItStands({ steps, incident }: RunResult, nowMs: number): string {
  const running = steps.filter(({ state }) => state === 'running');
  const waiting = steps.filter(({ state }) => state === 'pending');
  const left = [...running, ...waiting].filter(({ kind }) => !['parallel', 'choose', 'call', 'commit'].includes(kind));
  const unplanned = left.filter(({ budgetMs }) => budgetMs === undefined).map(({ id }) => id);
  const leftMs = left.reduce(
    (sum, { budgetMs = 0, startedMs, state }) =>
      sum + Math.max(0, budgetMs - (state === 'running' ? nowMs - (startedMs ?? nowMs) : 0)),
    0,
  );
  const end =
    unplanned.length === 0
      ? `its budgets end at ${isoTime(nowMs + leftMs)}, ${formatDuration(nowMs + leftMs - incident.impactMs)} after the impact`
      : `when it ends is unknown: ${unplanned.join(', ')} has no budget`;
  const names = (list: readonly StepReport[]): string => list.map(({ id }) => id).join(', ') || 'nothing';
  return `now: ${names(running)}; next: ${names(waiting.slice(0, 1))}; ${formatDuration(nowMs - incident.impactMs)} since the impact; ${end}`;
}
