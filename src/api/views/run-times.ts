import type { StepDeclaration } from '../../plan/index.ts';

export interface StepTime {
  /** From the beginning of the run, milliseconds, as planned. */
  readonly startMs: number;
  readonly endMs: number;
  /** Undefined: neither a budget nor an earlier time says how long it takes. */
  readonly plannedMs: number | undefined;
  readonly within: string | undefined;
  readonly needs: readonly string[];
}

/** When each step is planned to begin and end, by budgets and by what was measured; `passedOver` take no time. */
export function timesOf(
  steps: readonly StepDeclaration[],
  lastMs: ReadonlyMap<string, number>,
  passedOver: ReadonlySet<string>,
): Map<string, StepTime> {
  const times = new Map<string, StepTime>();
  const place = (
    own: readonly StepDeclaration[],
    fromMs: number,
    within: string | undefined,
    inOrder: boolean,
  ): number => {
    let latestMs = fromMs;
    for (const [index, step] of own.entries()) {
      const before = own[index - 1];
      const needs = step.needs ?? (inOrder && before !== undefined ? [before.id] : []);
      const startMs = Math.max(fromMs, ...needs.map((id) => times.get(id)?.endMs ?? 0));
      const plannedMs = step.budgetMs ?? lastMs.get(step.id);
      const insideMs = Math.max(
        place(step.steps, startMs, step.id, step.kind !== 'parallel'),
        ...(step.options ?? []).map((option) => place(option.steps, startMs, step.id, true)),
      );
      const hasInside = step.steps.length > 0 || (step.options ?? []).length > 0;
      const ownMs = passedOver.has(step.id) ? 0 : hasInside ? insideMs - startMs : (plannedMs ?? 0);
      times.set(step.id, { startMs, endMs: startMs + ownMs, plannedMs, within, needs });
      latestMs = Math.max(latestMs, startMs + ownMs);
    }
    return latestMs;
  };
  place(steps, 0, undefined, true);
  return times;
}

/** The steps of the longest way, from its beginning; groups stand before what is inside them. */
export function longestWay(steps: readonly StepDeclaration[], times: ReadonlyMap<string, StepTime>): string[] {
  const endOf = ({ id }: StepDeclaration): number => times.get(id)?.endMs ?? 0;
  const last = steps.toSorted((one, other) => endOf(other) - endOf(one))[0];
  const chain: StepDeclaration[] = [];
  for (let step = last; step !== undefined;) {
    chain.unshift(step);
    const needs = times.get(step.id)?.needs ?? [];
    step = steps.filter(({ id }) => needs.includes(id)).toSorted((one, other) => endOf(other) - endOf(one))[0];
  }
  return chain.flatMap((step) => {
    const ways = [step.steps, ...(step.options ?? []).map((option) => option.steps)].filter((way) => way.length > 0);
    const longest = ways.toSorted((one, other) => latest(other, endOf) - latest(one, endOf))[0];
    return [step.id, ...(longest === undefined ? [] : longestWay(longest, times))];
  });
}

const latest = (steps: readonly StepDeclaration[], endOf: (step: StepDeclaration) => number): number =>
  Math.max(0, ...steps.map(endOf));
