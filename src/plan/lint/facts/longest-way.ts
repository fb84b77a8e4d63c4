import type { StepDeclaration } from '../../model.ts';
import { durationOf } from './written.ts';

/** The way through the steps that takes longest by their budgets, and those on it that have none. */
export interface Way {
  readonly ms: number;
  readonly steps: readonly string[];
  readonly unbudgeted: readonly string[];
}

/** Steps run one after the other unless `needs` says otherwise; those of a `parallel` at once, as far as its limit goes. */
export function longestWay(steps: readonly StepDeclaration[]): Way {
  const done = new Map<string, Way>();
  let longest = nothing;
  let previous: StepDeclaration | undefined;
  for (const step of steps) {
    const names = step.needs ?? (previous === undefined ? [] : [previous.id]);
    const start = names.map((name) => done.get(name) ?? nothing).reduce(longer, nothing);
    const way = joined(start, wayOf(step));
    done.set(step.id, way);
    longest = longer(longest, way);
    previous = step;
  }
  return longest;
}

const nothing: Way = { ms: 0, steps: [], unbudgeted: [] };

const longer = (a: Way, b: Way): Way => (b.ms > a.ms || (b.ms === a.ms && b.steps.length > a.steps.length) ? b : a);

const joined = (a: Way, b: Way): Way => ({
  ms: a.ms + b.ms,
  steps: [...a.steps, ...b.steps],
  unbudgeted: [...a.unbudgeted, ...b.unbudgeted],
});

function wayOf(step: StepDeclaration): Way {
  const ownMs = step.budgetMs ?? waitMs(step);
  if (step.kind === 'parallel' && step.steps.length > 0) {
    const ways = step.steps.map(wayOf);
    const slowest = ways.reduce(longer, nothing);
    const total = ways.reduce((sum, { ms }) => sum + ms, 0);
    const ms = Math.max(slowest.ms, limitOf(step) === undefined ? 0 : total / (limitOf(step) ?? 1), ownMs ?? 0);
    return { ...slowest, ms };
  }
  return { ms: ownMs ?? 0, steps: [step.id], unbudgeted: ownMs === undefined ? [step.id] : [] };
}

/** `wait: 5m` takes what it says. */
function waitMs(step: StepDeclaration): number | undefined {
  return step.kind === 'wait' ? durationOf(step.settings) : undefined;
}

function limitOf(step: StepDeclaration): number | undefined {
  const { settings } = step;
  const limit = typeof settings === 'object' && settings !== null && 'limit' in settings ? settings.limit : undefined;
  return typeof limit === 'number' && limit > 0 ? limit : undefined;
}
