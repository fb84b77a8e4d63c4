import { limits } from '../../core/index.ts';
import { durationOf, type StepDeclaration } from '../../plan/index.ts';
import type { RunResult } from '../run-types.ts';

/** How long a step may be expected to take. */
export interface Expected {
  /** Earlier runs that this rests on; 0: the budget of the plan, for too few were measured. */
  readonly runs: number;
  /** Half of them were over by then, and nine of ten; milliseconds. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  /** What was measured, shortest first; none where the budget counts. */
  readonly measuredMs: readonly number[];
}

/** Of one run: what its steps took in the earlier runs of the same procedure in the same environment, by their ids. */
export type Measured = ReadonlyMap<string, readonly number[]>;

/** `runs`: of any kind, newest first; the newest that are like `run` count. Pure. */
export function measuredOf(run: Like & Pick<RunResult, 'steps'>, runs: readonly RunResult[]): Measured {
  const kinds = new Map(run.steps.map(({ id, kind }) => [id, kind]));
  const found = new Map<string, number[]>();
  for (const { steps } of runs.filter((one) => isLike(run, one)).slice(0, limits.forecastRunsMax))
    for (const { id, kind, state, seconds } of steps)
      if (state === 'done' && seconds !== undefined && kinds.get(id) === kind)
        found.set(id, [...(found.get(id) ?? []), seconds * 1000]);
  for (const times of found.values()) times.sort((one, other) => one - other);
  return found;
}

/** Undefined: neither enough earlier runs nor a budget nor the step itself says it. */
export function expectedOf(step: StepDeclaration, measured: Measured): Expected | undefined {
  const measuredMs = measured.get(step.id) ?? [];
  if (measuredMs.length >= limits.forecastRunsMin)
    return {
      runs: measuredMs.length,
      p50Ms: shareOf(measuredMs, 0.5),
      p90Ms: shareOf(measuredMs, 0.9),
      measuredMs,
    };
  const ms = step.budgetMs ?? (step.kind === 'wait' ? durationOf(step.settings) : undefined);
  return ms === undefined ? undefined : { runs: 0, p50Ms: ms, p90Ms: ms, measuredMs: [] };
}

/**
 * What is left of a step that has run for so long: of the earlier ones only those that took longer tell. Where none did it is expected to be over any
 * moment: nobody knows better.
 */
export function leftMs({ measuredMs, p50Ms }: Expected, elapsedMs: number, share: number): number {
  if (measuredMs.length === 0) return Math.max(0, p50Ms - elapsedMs);
  const longer = measuredMs.filter((ms) => ms > elapsedMs);
  return longer.length === 0 ? 0 : shareOf(longer, share) - elapsedMs;
}

type Like = Pick<RunResult, 'run' | 'scenario' | 'environment' | 'mode' | 'undoes'>;

/** A rollback takes other steps back than its run did, and a bubble is no production: each is measured by its own kind. */
export const isLike = (run: Like, other: Like): boolean =>
  other.run !== run.run &&
  other.scenario === run.scenario &&
  other.environment === run.environment &&
  other.mode === run.mode &&
  (other.undoes === undefined) === (run.undoes === undefined);

/** The least of `sorted` that no smaller a share of them exceeds: of three, the second for 0.5 and the third for 0.9. */
const shareOf = (sorted: readonly number[], share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
