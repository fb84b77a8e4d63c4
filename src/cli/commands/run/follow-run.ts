import { formatDuration, isoTime, limits } from '../../../core/index.ts';
import type { Workspace } from '../../../operations/index.ts';
import {
  forecastRun,
  hasRunner,
  measuredIn,
  readHistory,
  resultOf,
  showRun,
  type Forecast,
  type Incident,
  type RunResult,
  type StepReport,
} from '../../../procedures/index.ts';
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
  const measured = measuredIn(journal, showRun(journal, run));
  for (;;) {
    // Asked before the records are read: what it still wrote before it ended is in them then.
    const isGone = hasRunner(workspace, readHistory(journal, run)) === false;
    const history = readHistory(journal, run);
    const now = resultOf(history);
    const changed = now.steps.filter((step) => shown.get(step.id) !== stateOf(step) && step.state !== 'pending');
    for (const step of changed) {
      shown.set(step.id, stateOf(step));
      output.line(`${isoTime(step.finishedMs ?? step.startedMs ?? clock.now())}  ${lineOf(step)}`);
    }
    if (now.verdict === 'unfinished' && isGone) return now; // whoever shows it says so
    if (changed.length > 0 && now.verdict === 'unfinished') {
      const nowMs = clock.now();
      output.line(`  ${whereItStands(now, forecastRun(history, now, measured, nowMs), nowMs)}`);
    }
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

/** Now, next, and when it ends as far as earlier runs or budgets tell. Steps that neither tells of make that unknown, and are named. */
export function whereItStands({ steps, incident }: RunResult, forecast: Forecast | undefined, nowMs: number): string {
  const names = (state: StepReport['state'], most = Infinity): string =>
    steps
      .filter((step) => step.state === state)
      .slice(0, most)
      .map(({ id }) => id)
      .join(', ') || 'nothing';
  const end = forecast === undefined ? '' : `; ${endWords(forecast, incident)}`;
  return `now: ${names('running')}; next: ${names('pending', 1)}; ${formatDuration(nowMs - incident.impactMs)} since the impact${end}`;
}

function endWords(
  { p50EndMs, p90EndMs, measured, runsMin, budgeted, unknown }: Forecast,
  { impactMs }: Incident,
): string {
  if (unknown.length > 0)
    return `when it ends is unknown: nothing tells how long ${unknown.join(', ')} takes; not before ${isoTime(p50EndMs)}`;
  const at = `${isoTime(p50EndMs)}, ${formatDuration(p50EndMs - impactMs)} after the impact`;
  if (measured.length === 0) return `its budgets end at ${at}`;
  const rest = budgeted.length === 0 ? '' : ` and the budgets of ${budgeted.join(', ')}`;
  return `it ends at ${at} (P50), or ${isoTime(p90EndMs)} (P90), by at least ${runsMin} earlier runs${rest}`;
}
