import { longestWay } from '../../lint/facts/longest-way.ts';
import type { StepDeclaration } from '../../model.ts';

/** When a step may start and has to be done, counted from the start of the procedure, if every step keeps its budget. */
export interface Slot {
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: the plan gives it none, so it counts for nothing here. */
  readonly budgetMs: number | undefined;
  /** A step later makes the whole procedure later. */
  readonly critical: boolean;
}

/** By the names of the steps of the procedure; those inside a `parallel` are not in it. */
export function timetable(steps: readonly StepDeclaration[]): ReadonlyMap<string, Slot> {
  const onTheWay = new Set(longestWay(steps).steps);
  const ends = new Map<string, number>();
  const slots = new Map<string, Slot>();
  let previous: string | undefined;
  for (const step of steps) {
    const before = step.needs ?? (previous === undefined ? [] : [previous]);
    const fromMs = Math.max(0, ...before.map((name) => ends.get(name) ?? 0));
    const alone = longestWay([{ ...step, needs: [] }]);
    const toMs = fromMs + alone.ms;
    const critical = [step.id, ...step.steps.map(({ id }) => id)].some((id) => onTheWay.has(id));
    slots.set(step.id, { fromMs, toMs, budgetMs: alone.ms === 0 ? undefined : alone.ms, critical });
    ends.set(step.id, toMs);
    previous = step.id;
  }
  return slots;
}

/** `0:00`, `1:05`: hours and minutes since the start. */
export function clockTime(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}
