import type { Plan, Scenario, StepDeclaration } from '../../plan/index.ts';
import type { DescribedStep } from './describe.ts';
import { expandCalls } from '../groups/expand.ts';
import { promisedFor, type Promised } from './promised.ts';
import { isGroup } from '../groups/is-group.ts';
import type { RunResult, StepReport } from '../run-types.ts';
import { flatSteps } from '../records/show.ts';

/** What people want to know before they start: how sure each step is, how long it takes, who decides, what stays, what was never rehearsed. */
export interface Briefing {
  readonly scenario: string;
  readonly steps: readonly BriefedStep[];
  /** Of the steps that would run. */
  readonly certainty: Readonly<Record<DescribedStep['certainty'], number>>;
  /** Along the longest way by the budgets of the plan, and the steps that have none. */
  readonly budgetMs: number;
  readonly withoutBudget: readonly string[];
  /** The strictest of what is promised. */
  readonly promisedMs: number | undefined;
  /** What this recovery is measured by, the strictest first. */
  readonly promised: readonly Promised[];
  readonly decides: readonly { readonly step: string; readonly who: readonly string[]; readonly what: string }[];
  /** What no rollback takes back by itself. */
  readonly stays: readonly { readonly step: string; readonly why: string }[];
  /** The last drill of this scenario; undefined: it was never rehearsed. */
  readonly rehearsal: Rehearsal | undefined;
}

export interface BriefedStep extends DescribedStep {
  /** When it was last done, in a drill or for real, and how long that took. */
  readonly last?: { readonly run: string; readonly mode: 'real' | 'drill'; readonly atMs: number; readonly ms: number };
}

export interface Rehearsal {
  readonly run: string;
  readonly atMs: number;
  readonly verdict: RunResult['verdict'];
  readonly tookMs: number;
  /** False: the procedure has changed since. */
  readonly isSame: boolean;
  /** What a bubble left out, or never came to. */
  readonly notExercised: readonly { readonly step: string; readonly why: string }[];
}

/** Puts together what was described and what the records of earlier runs say. Pure. */
export function briefingOf(
  scenario: Scenario,
  plan: Plan,
  described: readonly DescribedStep[],
  runs: readonly RunResult[],
): Briefing {
  const whole = expandCalls(scenario, plan);
  const declared = new Map(flatSteps(whole).map((step) => [step.id, step]));
  const own = runs.filter((run) => run.scenario === scenario.name && run.undoes === undefined);
  const running = described.filter(({ runs: does }) => does);
  const acts = running.filter(({ id }) => !isGroup(declared.get(id) ?? { kind: '', settings: null }));
  const promised = promisedFor(scenario, plan);
  const steps = described.map((step) => ({ ...step, ...lastOf(step.id, own) }));
  return {
    scenario: scenario.name,
    steps,
    certainty: {
      proved: acts.filter(({ certainty }) => certainty === 'proved').length,
      predicted: acts.filter(({ certainty }) => certainty === 'predicted').length,
      unknown: acts.filter(({ certainty }) => certainty === 'unknown').length,
    },
    budgetMs: longestMs(whole.steps, new Set(running.map(({ id }) => id))),
    withoutBudget: acts.filter(({ kind, budgetMs }) => budgetMs === undefined && kind !== 'commit').map(({ id }) => id),
    promisedMs: promised[0]?.ms,
    promised,
    decides: running.flatMap(({ id, title, decides }) =>
      decides === undefined ? [] : [{ step: id, who: decides, what: title }],
    ),
    stays: running.flatMap(({ id, stays }) => (stays === undefined ? [] : [{ step: id, why: stays }])),
    rehearsal: rehearsalOf(scenario, acts, own),
  };
}

function lastOf(id: string, runs: readonly RunResult[]): Pick<BriefedStep, 'last'> {
  for (const { run, mode, steps } of runs) {
    const step = steps.find((one) => one.id === id && one.state === 'done');
    if (step?.finishedMs !== undefined && step.seconds !== undefined)
      return { last: { run, mode, atMs: step.finishedMs, ms: step.seconds * 1000 } };
  }
  return {};
}

function rehearsalOf(
  { hash }: Scenario,
  steps: readonly DescribedStep[],
  runs: readonly RunResult[],
): Rehearsal | undefined {
  const drill = runs.find(({ mode }) => mode === 'drill');
  if (drill === undefined) return undefined;
  const seen = new Map(drill.steps.map((step) => [step.id, step]));
  const notExercised = steps.flatMap(({ id }) => {
    const why = whyNot(seen.get(id));
    return why === undefined ? [] : [{ step: id, why }];
  });
  const { run, startedMs, verdict, scenarioHash, rto } = drill;
  return { run, atMs: startedMs, verdict, tookMs: rto.totalMs, isSame: scenarioHash === hash, notExercised };
}

function whyNot(step: StepReport | undefined): string | undefined {
  if (step === undefined) return 'it was not there yet';
  if (step.state === 'done') return undefined;
  if (step.state === 'skipped') return step.summary.replace(/^not exercised: /, '');
  return step.state === 'pending' ? 'the drill never came to it' : `it was ${step.state}`;
}

/** The longest way through steps by their budgets; steps that need only others go on beside what comes between. */
function longestMs(steps: readonly StepDeclaration[], running: ReadonlySet<string>, isSequence = true): number {
  const endsMs = new Map<string, number>();
  for (const [index, step] of steps.entries()) {
    const before = isSequence && index > 0 ? [steps[index - 1]?.id ?? ''] : [];
    const fromMs = Math.max(0, ...(step.needs ?? before).map((id) => endsMs.get(id) ?? 0));
    endsMs.set(step.id, fromMs + (running.has(step.id) ? ownMs(step, running) : 0));
  }
  return Math.max(0, ...endsMs.values());
}

function ownMs(step: StepDeclaration, running: ReadonlySet<string>): number {
  if (step.kind === 'commit') return 0; // the clock of the recovery has stopped by then
  if (!isGroup(step)) return step.budgetMs ?? 0;
  const ways = (step.options ?? []).map((option) => longestMs(option.steps, running));
  const inside = Math.max(longestMs(step.steps, running, step.kind !== 'parallel'), ...ways);
  return Math.max(inside, inside === 0 ? (step.budgetMs ?? 0) : 0);
}
