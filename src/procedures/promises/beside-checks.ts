import { runCheck, type CheckSpec } from '../../checks/index.ts';
import { isLifeboatError, LifeboatError, redact, toLifeboatError } from '../../core/index.ts';
import { evaluateDeep, type CalledScenario, type StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { checkContextOf, askInside } from '../settings/check-of.ts';
import { contextOf } from '../runner/context.ts';
import type { Finish } from '../records/step-records.ts';
import type { StepContext, StepInput, StepKind } from '../step.ts';
import { variablesNow } from '../settings/input.ts';

/** What stands in the way of a step: the first of its `guard` that is red. Nothing when it may act. */
export async function guardOf(active: ActiveRun, step: StepDeclaration): Promise<Finish | undefined> {
  if ((step.guard ?? []).length === 0) return undefined;
  const context = contextOf(active, nothingOf(step), 0, active.signal).context;
  const red = await redAmong(step.guard ?? [], variablesNow(active, step), context);
  if (red === undefined) return undefined;
  return {
    state: 'failed',
    code: 'step.guarded',
    summary: `it did not act: ${red}`,
    hint: 'Bring about what it asks for first, then: lifeboat run resume RUN',
  };
}

/**
 * What a step has done is seen from outside before it counts: by its kind where that can prove it, then by its `verify`, asked as often as it
 * would be tried. Red means that it acted and that it is not as it should be: only the looking is done again then, never the act.
 */
export async function provenEnd(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  input: StepInput<unknown>,
  finish: Finish,
  context: StepContext,
): Promise<Finish> {
  if (finish.state !== 'done') return finish;
  const own = { ...input, outputs: finish.outputs ?? {} };
  try {
    const red = await redAfter(active, step, kind, own, context);
    if (red === undefined) return finish;
    return { ...finish, state: 'failed', code: 'check.failed', acted: true, summary: `it acted, but ${red}` };
  } catch (error) {
    const { code, message } = toLifeboatError(error);
    return {
      ...finish,
      state: 'failed',
      code,
      acted: true,
      summary: `it acted, but could not be looked at: ${message}`,
    };
  }
}

async function redAfter(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  own: StepInput<unknown> & { readonly outputs: Readonly<Record<string, unknown>> },
  context: StepContext,
): Promise<string | undefined> {
  if (kind.prove === undefined && (step.verify ?? []).length === 0) return undefined;
  for (let look = 0; ; look += 1) {
    const red = (await notProved(kind, own, context)) ?? (await redVerify(active, step, own.outputs, context));
    if (red === undefined || look >= step.retry.times) return red;
    await context.clock.sleep(step.retry.pauseMs, context.signal);
  }
}

async function notProved(kind: StepKind, input: StepInput<unknown>, context: StepContext): Promise<string | undefined> {
  const proof = await kind.prove?.(input, context, 'done');
  if (proof === undefined || proof.state === 'proved') return undefined;
  context.output(`${proof.state === 'refuted' ? 'RED' : 'unknown'}  ${proof.text}`);
  return proof.state === 'refuted' ? proof.text : `nothing proves it: ${proof.text}`;
}

/**
 * Of a group whose steps are done: what the called scenario calls success, then its own `verify`, asked as often as the group would be tried.
 * What cannot be asked is red.
 */
export async function redAfterGroup(
  active: ActiveRun,
  group: StepDeclaration,
  called: CalledScenario | undefined,
  outputs: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const success = called?.success ?? [];
  if (success.length === 0 && (group.verify ?? []).length === 0) return undefined;
  const { context } = contextOf(active, nothingOf(group), 0, active.signal);
  for (let look = 0; ; look += 1) {
    const red = await redOfGroup(active, group, called, outputs, context).catch((error: unknown) => {
      if (active.signal.aborted) throw error;
      return `it could not be looked at: ${toLifeboatError(error).message}`;
    });
    if (red === undefined || look >= group.retry.times) return red;
    await context.clock.sleep(group.retry.pauseMs, context.signal);
  }
}

async function redOfGroup(
  active: ActiveRun,
  group: StepDeclaration,
  called: CalledScenario | undefined,
  outputs: Readonly<Record<string, unknown>>,
  context: StepContext,
): Promise<string | undefined> {
  const inside = called === undefined ? {} : variablesNow(active, { ...group, scope: called.scope });
  const success = await redAmong(insideOnly(called?.success ?? [], context), inside, context);
  return success ?? redVerify(active, group, outputs, context);
}

/** Those that can be asked here: a bubble reaches nothing outside. */
export const insideOnly = (specs: readonly CheckSpec[], context: StepContext): readonly CheckSpec[] =>
  specs.filter((spec) => {
    try {
      askInside(context, spec);
      return true;
    } catch (error) {
      if (!isLifeboatError(error, 'drill.bubble')) throw error;
      return false; // whoever watches the called scenario has written down that it was not asked
    }
  });

function redVerify(
  active: ActiveRun,
  step: StepDeclaration,
  outputs: Readonly<Record<string, unknown>>,
  context: StepContext,
): Promise<string | undefined> {
  const known = new Map([...active.outputs, [step.id, outputs as Record<string, unknown>]]);
  return redAmong(step.verify ?? [], variablesNow({ ...active, outputs: known }, step), context);
}

/** What is red among these checks, in words; every one is asked. `${…}` in them see what `variables` has. */
export async function redAmong(
  specs: readonly CheckSpec[],
  variables: Record<string, unknown>,
  context: StepContext,
): Promise<string | undefined> {
  const red: string[] = [];
  for (const written of specs) {
    const spec: CheckSpec = { ...written, settings: evaluateDeep(written.settings, variables) };
    askInside(context, spec);
    const { name, ok, observed, expected } = await runCheck(spec, context.checkKinds, checkContextOf(context));
    context.output(`${ok ? 'green' : 'RED'}  ${name}: ${observed}${ok ? '' : `, expected ${expected}`}`);
    if (context.signal.aborted) throw new LifeboatError('operation.cancelled', 'the checks were stopped on request');
    if (!ok) red.push(`${name}: ${observed}, expected ${expected}`);
  }
  return red.length === 0 ? undefined : redact(red.join('; '));
}

/** What hands are given that only look. */
export const nothingOf = ({ id, in: place }: Pick<StepDeclaration, 'id' | 'in'>): StepInput<unknown> => ({
  id,
  key: id,
  settings: null,
  siblings: {},
  remembered: {},
  ...(place === undefined ? {} : { in: place }),
});
