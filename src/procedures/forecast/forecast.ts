import type { StepDeclaration } from '../../plan/index.ts';
import { isGroup } from '../groups/is-group.ts';
import type { RunResult, StepReport } from '../run-types.ts';
import { insideOf } from '../runner/order.ts';
import { expectedOf, leftMs, type Expected, type Measured } from './expected.ts';

/** When a run that goes on, or could, will be over: all its steps but what only keeps the way back open. */
export interface Forecast {
  /** If each step that is left takes as long as in half of the earlier runs, and as in nine of ten; milliseconds since 1970. */
  readonly p50EndMs: number;
  readonly p90EndMs: number;
  /** Steps that are left, by what their time rests on: earlier runs, with how many the fewest have; the budget; nothing, which counts as no time. */
  readonly measured: readonly string[];
  readonly runsMin: number | undefined;
  readonly budgeted: readonly string[];
  readonly unknown: readonly string[];
}

export interface ForecastRequest {
  /** The procedure as the run began with it. */
  readonly steps: readonly StepDeclaration[];
  readonly run: Pick<RunResult, 'verdict' | 'steps'>;
  readonly measured: Measured;
  readonly nowMs: number;
  /** A step that waits for a window, and when that opens. */
  readonly shut?: { readonly step: string; readonly opensMs: number } | undefined;
}

/** Undefined: the run is over, or its clock has stopped at its commit. Pure: people at the command line, the API and the screens hear the same. */
export function forecastOf(request: ForecastRequest): Forecast | undefined {
  const { steps, run, measured } = request;
  if (!['unfinished', 'needs-human', 'paused'].includes(run.verdict)) return undefined;
  if (run.steps.some(({ kind, state }) => kind === 'commit' && !isAhead(state))) return undefined;
  const reports = new Map(run.steps.map((step) => [step.id, step]));
  const left = leavesOf(steps).filter(
    ({ id, kind }) => kind !== 'commit' && !isOver(reports.get(id)?.state ?? 'pending'),
  );
  const expected = new Map(left.map((step) => [step.id, expectedOf(step, measured)]));
  const runsOf = ({ id }: StepDeclaration): number | undefined => expected.get(id)?.runs;
  const counted = left.map(runsOf).filter((runs) => runs !== undefined && runs > 0) as number[];
  const names = (fits: (runs: number | undefined) => boolean): string[] =>
    left.filter((step) => fits(runsOf(step))).map(({ id }) => id);
  return {
    p50EndMs: new Walk(request, reports, expected, 0.5).end(),
    p90EndMs: new Walk(request, reports, expected, 0.9).end(),
    measured: names((runs) => runs !== undefined && runs > 0),
    runsMin: counted.length === 0 ? undefined : Math.min(...counted),
    budgeted: names((runs) => runs === 0),
    unknown: names((runs) => runs === undefined),
  };
}

const isAhead = (state: StepReport['state']): boolean => state === 'pending' || state === 'skipped';
const isOver = (state: StepReport['state']): boolean => ['done', 'skipped', 'cancelled', 'failed'].includes(state);

const leavesOf = (steps: readonly StepDeclaration[]): StepDeclaration[] =>
  steps.flatMap((step) => (isGroup(step) ? leavesOf(insideOf(step)) : [step]));

/** Goes through what is left in the order in which the runner would, from now on. */
class Walk {
  readonly #request: ForecastRequest;
  readonly #reports: ReadonlyMap<string, StepReport>;
  readonly #expected: ReadonlyMap<string, Expected | undefined>;
  readonly #share: number;
  readonly #endsMs = new Map<string, number>();

  constructor(
    request: ForecastRequest,
    reports: ReadonlyMap<string, StepReport>,
    expected: ReadonlyMap<string, Expected | undefined>,
    share: number,
  ) {
    this.#request = request;
    this.#reports = reports;
    this.#expected = expected;
    this.#share = share;
  }

  end(): number {
    return this.#through(this.#request.steps, this.#request.nowMs, { inOrder: true });
  }

  /** When the last of these is over. `limit`: so many of them at once. */
  #through(steps: readonly StepDeclaration[], fromMs: number, way: { inOrder: boolean; limit?: number }): number {
    const slotsMs = way.limit === undefined ? undefined : Array.from({ length: way.limit }, () => fromMs);
    let latestMs = fromMs;
    for (const [index, step] of steps.entries()) {
      const before = way.inOrder ? steps[index - 1] : undefined;
      const needs = step.needs ?? (before === undefined ? [] : [before.id]);
      const readyMs = Math.max(fromMs, ...needs.map((id) => this.#endsMs.get(id) ?? fromMs));
      const isLeft = !isOver(this.#reports.get(step.id)?.state ?? 'pending');
      const slot = slotsMs === undefined || !isLeft ? -1 : slotsMs.indexOf(Math.min(...slotsMs));
      const endMs = isLeft ? this.#endOf(step, Math.max(readyMs, slotsMs?.[slot] ?? readyMs)) : readyMs;
      if (slotsMs !== undefined && slot >= 0) slotsMs[slot] = endMs;
      this.#endsMs.set(step.id, endMs);
      latestMs = Math.max(latestMs, endMs);
    }
    return latestMs;
  }

  #endOf(step: StepDeclaration, fromMs: number): number {
    const { nowMs, shut } = this.#request;
    const startMs = shut?.step === step.id ? Math.max(fromMs, shut.opensMs) : fromMs;
    if (step.kind === 'commit') return startMs; // the clock of the recovery stops there
    if (isGroup(step)) {
      const ways = [step.steps, ...(step.options ?? []).map((option) => option.steps)];
      const way = { inOrder: step.kind !== 'parallel', ...limitOf(step) };
      return Math.max(...ways.map((inside) => this.#through(inside, startMs, way)));
    }
    const expected = this.#expected.get(step.id);
    if (expected === undefined) return startMs;
    const report = this.#reports.get(step.id);
    const elapsedMs = report?.startedMs === undefined ? 0 : Math.max(0, nowMs - report.startedMs);
    return startMs + leftMs(expected, elapsedMs, this.#share);
  }
}

/** Of a `parallel`. */
function limitOf({ kind, settings }: StepDeclaration): { limit?: number } {
  if (kind !== 'parallel' || typeof settings !== 'object' || settings === null || !('limit' in settings)) return {};
  return typeof settings.limit === 'number' && settings.limit > 0 ? { limit: settings.limit } : {};
}
