import { LifeboatError, toLifeboatError, type ErrorCode } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { attemptStep } from './attempt.ts';
import { confirmation, windowFor } from '../before/index.ts';
import { guardOf } from '../promises/beside-checks.ts';
import { isElsewhere } from '../elsewhere/packet.ts';
import { settleEarlier } from './earlier.ts';
import { stopBySignal, unlessStopped } from './stopped.ts';
import { actOnGroup } from '../groups/group.ts';
import { isGroup } from '../groups/is-group.ts';
import { inputForAnother, inputOf, kindOf, variablesNow } from '../settings/input.ts';
import type { Passed } from './order.ts';
import { finishStep, type Finish } from '../records/step-records.ts';
import type { StepInput, StepKind } from '../step.ts';
import { templateHolds } from '../../plan/index.ts';

/** How this run acts on one step: at most once a step, in the order that `Order` gives. */
export function stepper(active: ActiveRun): (step: StepDeclaration) => Promise<Passed> {
  const act = async (step: StepDeclaration): Promise<Passed> => {
    if (active.signal.aborted) stopBySignal(active);
    if (active.stopped !== undefined) return false;
    const earlier = active.earlier?.steps.get(step.id);
    if (earlier?.state === 'skipped') return true;
    try {
      const finish = await unlessStopped(active, () =>
        isGroup(step) ? actInside(active, step, act) : actOnStep(active, step),
      );
      return finish === undefined ? false : conclude(active, step, finish);
    } catch (error) {
      // The runner itself cannot go on (its journal, its disk): nothing new may start.
      active.stopped ??= 'failed';
      throw error;
    }
  };
  return act;
}

/** A group is left out by its `if` as a step is; what is inside it then never begins. */
async function actInside(
  active: ActiveRun,
  group: StepDeclaration,
  act: (step: StepDeclaration) => Promise<Passed>,
): Promise<Finish> {
  if (active.earlier?.steps.get(group.id) === undefined) {
    const condition = tryToDecide(active, group);
    if (condition !== undefined) return finishStep(active, group, condition, 0);
  }
  return actOnGroup(active, group, act);
}

async function actOnStep(active: ActiveRun, step: StepDeclaration): Promise<Finish> {
  const earlier = active.earlier?.steps.get(step.id);
  if (earlier === undefined) {
    const condition = tryToDecide(active, step);
    if (condition !== undefined) return finishStep(active, step, condition, 0);
  }
  let kind: StepKind;
  let input: StepInput<unknown>;
  try {
    kind = kindOf(active, step);
    input = (isElsewhere(active, step) ? inputForAnother : inputOf)(active, step, kind, earlier);
  } catch (error) {
    return finishStep(active, step, failureOf(error), earlier?.attempts ?? 0);
  }
  const settled = earlier === undefined ? undefined : await settleEarlier(active, step, kind, input, earlier);
  const finish = settled ?? (await actAnew(active, step, kind, input, earlier?.attempts ?? 0));
  if (finish.state === 'done') active.meanwhile.begin(active, kind, input);
  return finish;
}

async function actAnew(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  before: number,
): Promise<Finish> {
  const held = await mayAct(active, step, kind.title(input.settings, input.siblings));
  return held === undefined ? attempts(active, step, kind, input, before) : finishStep(active, step, held, before);
}

/** What a step waits for before its first attempt: its window, and a person who types its name. Its guard is asked before each. */
async function mayAct(active: ActiveRun, step: StepDeclaration, title: string): Promise<Finish | undefined> {
  try {
    return (await windowFor(active, step)) ?? (await confirmation(active, step, title));
  } catch (error) {
    return failureOf(error);
  }
}

/** What an `if:` says before a step: nothing when the step shall run. */
function tryToDecide(active: ActiveRun, step: StepDeclaration): Finish | undefined {
  if (step.if === undefined) return undefined;
  try {
    return templateHolds(step.if, variablesNow(active, step))
      ? undefined
      : { state: 'skipped', summary: `not needed here: ${step.if} is false` };
  } catch (error) {
    return failureOf(error);
  }
}

async function attempts(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  before: number,
): Promise<Finish> {
  const { clock } = active.tools.workspace;
  let current = input;
  for (let tries = 1; ; tries += 1) {
    const attempt = before + tries;
    const { finish, remembered } = await guarded(active, step, kind, current, attempt);
    const mayRetry =
      (finish.state === 'retry' || finish.state === 'failed') &&
      finish.acted !== true &&
      finish.byPeople !== true &&
      (step.idempotent !== false || finish.code === 'step.guarded') &&
      tries <= step.retry.times;
    const isStopped = active.signal.aborted || (active.stopped !== undefined && active.stopped !== 'paused');
    if (!mayRetry || isStopped) {
      return finishStep(active, step, finish.state === 'retry' ? { ...finish, state: 'failed' } : finish, attempt);
    }
    finishStep(active, step, { ...finish, state: 'retry' }, attempt);
    if (active.stopped === 'paused') return { ...finish, state: 'interrupted' }; // its next try comes after the pause
    current = { ...current, remembered };
    try {
      await clock.sleep(step.retry.pauseMs, active.signal);
    } catch (error) {
      if (!active.signal.aborted) throw error;
      return finishStep(
        active,
        step,
        { state: 'cancelled', summary: 'stopped on request before the next try' },
        attempt,
      );
    }
  }
}

/** One attempt, unless what stands in front of it is red: then it has not begun. */
async function guarded(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  attempt: number,
): Promise<{ finish: Finish; remembered: Readonly<Record<string, unknown>> }> {
  // Another site asks what stands in front of its steps itself.
  const finish = isElsewhere(active, step)
    ? undefined
    : await guardOf(active, step).catch((error: unknown) => failureOf(error));
  return finish === undefined
    ? attemptStep(active, step, kind, input, attempt)
    : { finish, remembered: input.remembered };
}

/** What the end of a step means for the run. */
function conclude(active: ActiveRun, step: StepDeclaration, finish: Finish): Passed {
  if (finish.state === 'done') active.outputs.set(step.id, finish.outputs ?? {});
  if (finish.state === 'done' || finish.state === 'skipped') return true;
  if (finish.state === 'cancelled') stopBySignal(active);
  else if (finish.state === 'needs-human' || finish.code === 'run.lease_lost') active.stopped ??= 'needs-human';
  else if (finish.state !== 'interrupted') active.stopped ??= 'failed';
  active.reason ??= new LifeboatError(codeOf(finish), `${step.id}: ${finish.question ?? finish.summary}`, {
    where: step.id,
    ...(finish.hint === undefined ? {} : { hint: finish.hint }),
  });
  return false;
}

function codeOf({ state, code, asks }: Finish): ErrorCode {
  if (code === 'run.lease_lost') return code;
  if (state !== 'needs-human') return 'step.failed';
  return asks === undefined ? 'step.in_doubt' : 'step.waits';
}

function failureOf(error: unknown): Finish {
  const { code, message, hint } = toLifeboatError(error);
  return { state: 'failed', summary: message, code, ...(hint === undefined ? {} : { hint }) };
}
