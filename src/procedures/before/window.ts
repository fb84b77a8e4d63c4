import { formatDuration, isoTime, LifeboatError, limits, toLifeboatError } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { MaintenanceWindow, Plan, Scenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { lastWords, type Asked } from '../people/index.ts';
import { flatSteps } from '../records/show.ts';
import type { Finish } from '../records/step-records.ts';

/** When a window opens, or did; milliseconds since 1970. */
export interface Opening {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * The step begins inside its window: one that opens soon is waited for; for one that is further away the run stops, and goes on when it is
 * resumed inside the window, or when somebody else than who started it consents to act outside. A drill waits for no window, and says so.
 * Throws `plan.unknown_name`, `plan.invalid` for a window that says not when or for how long.
 */
export async function windowFor(active: ActiveRun, step: StepDeclaration): Promise<Finish | undefined> {
  if (step.window === undefined) return undefined;
  const { plan, journal, clock, progress } = active.tools.workspace;
  if (active.mode === 'drill') {
    const text = `${step.id} would wait for the window ${step.window}`;
    journal.append('run.unexercised', { text }, { run: active.run });
    return undefined;
  }
  const window = plan.windows.get(step.window) ?? unknown(step.window, [...plan.windows.keys()]);
  const opening = openIn(window, step.window, clock.now(), step.budgetMs ?? 0);
  if (opening.fromMs <= clock.now() || isConsented(active, step)) return undefined;
  const waitMs = opening.fromMs - clock.now();
  if (waitMs > limits.windowWaitMs) return ask(step, opening);
  journal.append('run.window', { step: step.id, window: step.window, ...opening }, { run: active.run });
  progress.note(`${step.id} waits ${formatDuration(waitMs)} for the window ${step.window}`);
  for (let leftMs = waitMs; leftMs > 0; leftMs = opening.fromMs - clock.now()) {
    try {
      await clock.sleep(Math.min(leftMs, limits.windowLookMs), active.signal);
    } catch (error) {
      if (!active.signal.aborted) throw error;
      return { state: 'cancelled', summary: `stopped on request before the window ${step.window} opened` };
    }
    if (active.stopped !== undefined)
      return { state: 'interrupted', summary: `the run stopped before the window ${step.window} opened` };
  }
  return undefined;
}

/** The opening that is now and leaves so much time, else the next one. */
export function openIn(window: MaintenanceWindow, name: string, nowMs: number, needsMs: number): Opening {
  const { every = [], forMs } = window;
  if (every.length === 0 || forMs === undefined) {
    throw new LifeboatError('plan.invalid', `the window ${name} does not say when it opens, or for how long`, {
      hint: `Write windows: { ${name}: { every: saturday at 22:00, for: 4h } }.`,
    });
  }
  const leastMs = Math.min(needsMs, forMs);
  const openings = every.flatMap((calendar) => {
    const fromMs = calendar.next(nowMs - forMs + leastMs);
    return fromMs === undefined ? [] : [{ fromMs, toMs: fromMs + forMs }];
  });
  const [first] = openings.toSorted((a, b) => a.fromMs - b.fromMs);
  if (first !== undefined) return first;
  throw new LifeboatError('plan.invalid', `the window ${name} never opens again`);
}

/** When the window of a step opens, in words; what is wrong with it, where it never does. */
export function windowOf(
  { window: name, budgetMs = 0 }: Pick<StepDeclaration, 'window' | 'budgetMs'>,
  { plan, clock }: Pick<Workspace, 'plan' | 'clock'>,
): { readonly window?: string } {
  if (name === undefined) return {};
  try {
    const { fromMs, toMs } = openIn(plan.windows.get(name) ?? unknown(name, []), name, clock.now(), budgetMs);
    const opens = fromMs <= clock.now() ? `is open until ${isoTime(toMs)}` : `opens at ${isoTime(fromMs)}`;
    return { window: `the window ${name} ${opens}` };
  } catch (error) {
    return { window: toLifeboatError(error).message };
  }
}

/** Before anything acts: what waits for a window that never opens would wait for ever. Throws `plan.unknown_name`, `plan.invalid`. */
export function mustOpen(scenario: Scenario, { windows }: Pick<Plan, 'windows'>, nowMs: number): void {
  for (const { window } of flatSteps(scenario))
    if (window !== undefined) openIn(windows.get(window) ?? unknown(window, [...windows.keys()]), window, nowMs, 0);
}

/** Beside the rounds of a step that itself asks for consent, which begin with 1. */
const round = 0;

const isConsented = (active: ActiveRun, step: StepDeclaration): boolean => {
  const said = active.earlier?.steps.get(step.id)?.said ?? [];
  return lastWords(said, round, active.requester?.as).some(({ word }) => word === 'approve');
};

function ask(step: StepDeclaration, { fromMs, toMs }: Opening): Finish {
  const question = `${step.id} waits for the window ${step.window}, which opens at ${isoTime(fromMs)} (until ${isoTime(toMs)}). Go on with the run then; or shall it act outside?`;
  const by = step.owner === undefined ? [] : [step.owner];
  const asks: Asked = { word: 'approve', by, round, count: 1 };
  return { state: 'needs-human', summary: question, question, asks };
}

function unknown(name: string, names: readonly string[]): never {
  throw new LifeboatError('plan.unknown_name', `the plan has no window ${name}`, {
    hint: `It has: ${names.join(', ') || 'none'}.`,
  });
}
