import { assert, toLifeboatError } from '../../core/index.ts';
import type { CalledScenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { variablesNow } from '../settings/input.ts';
import { redAfterGroup } from '../promises/beside-checks.ts';
import { mayBegin } from '../before/index.ts';
import type { Passed } from '../runner/order.ts';
import { finishStep, startStep, type Finish } from '../records/step-records.ts';
import { outputsWithin } from '../settings/variables.ts';
import { chooseWay } from './choose.ts';
import { watchCalled } from './called.ts';
import { openScope } from './scopes.ts';

/** What a group is about to do: its steps, and what its record will say. */
interface Way {
  readonly steps: readonly StepDeclaration[];
  readonly sequential: boolean;
  readonly limit?: number;
  readonly called?: CalledScenario;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly summary: string;
}

/**
 * Acts on the steps inside a `parallel`, a chosen way or a called scenario, each by its own records. A group that is done is walked again on
 * resume: its steps are reused one by one, and what they gave is there for those behind it.
 */
export async function actOnGroup(
  active: ActiveRun,
  group: StepDeclaration,
  act: (step: StepDeclaration) => Promise<Passed>,
): Promise<Finish> {
  const earlier = active.earlier?.steps.get(group.id);
  const attempt = (earlier?.attempts ?? 0) + 1;
  const isDone = earlier?.state === 'done';
  if (!isDone) {
    const held = await mayBegin(active, group, groupTitle(group));
    if (held !== undefined) return finishStep(active, group, held, attempt - 1);
    startStep(active, group, attempt, groupTitle(group));
  }
  const way = wayOf(active, group, attempt);
  if ('state' in way) return finishStep(active, group, way, attempt);
  const walk = (): Promise<Passed> =>
    active.order.walk(way.steps, act, {
      sequential: way.sequential,
      ...(way.limit === undefined ? {} : { limit: way.limit }),
    });
  const passed = way.called === undefined || isDone ? await walk() : await watchCalled(active, group, way.called, walk);
  const outputs = {
    ...way.outputs,
    ...(way.called === undefined || group.kind !== 'call' ? {} : outputsWithin(active.outputs, way.called.scope)),
  };
  if (isDone && passed) return { state: 'done', summary: earlier.summary, outputs };
  const red = passed ? await redAfterGroup(active, group, way.called, outputs) : undefined;
  if (red !== undefined) {
    const summary = `its steps are done, but ${red}`;
    return finishStep(active, group, { state: 'failed', code: 'check.failed', summary }, attempt);
  }
  const waits = active.stopped === 'needs-human' || active.stopped === 'paused' ? 'interrupted' : active.stopped;
  const state = passed ? 'done' : (waits ?? 'failed');
  const summary = passed ? way.summary : 'not all of its steps are done';
  // What the steps inside gave stands in their own records, and need not stand here again.
  finishStep(active, group, { state, summary, outputs: { ...way.outputs } }, attempt);
  return { state, summary, outputs };
}

export function groupTitle({ kind, steps, settings, called }: StepDeclaration): string {
  if (kind === 'parallel') return `${steps.length} steps at once`;
  if (kind === 'call') return `the procedure of ${called?.scenario ?? 'another scenario'}`;
  const question = typeof settings === 'object' && settings !== null && 'question' in settings ? settings.question : '';
  return `decide: ${String(question)}`;
}

function wayOf(active: ActiveRun, group: StepDeclaration, attempt: number): Way | Finish {
  try {
    if (group.kind === 'parallel') return sideBySide(group);
    if (group.kind === 'call') return calledWay(active, group);
    return chosenWay(active, group, attempt);
  } catch (error) {
    const { code, message, hint } = toLifeboatError(error);
    return { state: 'failed', code, summary: message, ...(hint === undefined ? {} : { hint }) };
  }
}

function sideBySide({ steps, settings }: StepDeclaration): Way {
  const limit =
    typeof settings === 'object' && settings !== null && 'limit' in settings && typeof settings.limit === 'number'
      ? { limit: settings.limit }
      : {};
  return { steps, sequential: false, ...limit, outputs: {}, summary: `all ${steps.length} done` };
}

function calledWay(active: ActiveRun, group: StepDeclaration): Way {
  assert(group.called !== undefined, `${group.id} was written out when the run began`);
  openScope(active, group, group.called);
  const summary = `${group.called.scenario} is done`;
  return { steps: group.steps, sequential: true, called: group.called, outputs: {}, summary };
}

function chosenWay(active: ActiveRun, group: StepDeclaration, attempt: number): Way | Finish {
  const earlier = active.earlier?.steps.get(group.id);
  const choice = chooseWay(active, group, earlier, variablesNow(active, group));
  if ('state' in choice) return choice;
  const { chosen, by } = choice;
  const facts = { chosen, ...(by === undefined ? {} : { by }) };
  if (earlier?.remembered['chosen'] === undefined) {
    const { journal } = active.tools.workspace;
    journal.append('step.remembered', { step: group.id, attempt, facts }, { run: active.run });
  }
  const option = group.options?.find(({ name }) => name === chosen);
  if (option?.called !== undefined) openScope(active, group, option.called);
  return {
    steps: option?.steps ?? [],
    sequential: true,
    ...(option?.called === undefined ? {} : { called: option.called }),
    outputs: facts,
    summary: by === undefined ? `${chosen}, by the facts` : `${by} chose ${chosen}`,
  };
}
