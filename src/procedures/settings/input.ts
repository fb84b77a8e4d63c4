import type { CheckKind, CheckSpec } from '../../checks/index.ts';
import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import type { StepHistory } from '../records/history.ts';
import { keyOf } from '../records/step-records.ts';
import type { StepInput, StepKind } from '../step.ts';
import { evaluateDeep } from '../../plan/index.ts';
import { environmentOf } from '../targets/places.ts';
import { outputsWithin, variablesOf } from './variables.ts';

/** The step's settings as they are now: every `${…}` replaced just before the act, then checked by the kind's schema. */
export function inputOf(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  earlier: StepHistory | undefined,
): StepInput<unknown> {
  const variables = variablesNow(active, step);
  const { settings, siblings } = step;
  const now = { settings: evaluateDeep(settings, variables), siblings: evaluateDeep(siblings, variables) };
  return inputWith(active, step, kind, earlier, now);
}

/**
 * The same for a step that the worker of another site does, as far as it is known here: what an earlier step gave there and nobody else may see is
 * put in by that site, which also says what is wrong with it.
 */
export function inputForAnother(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  earlier: StepHistory | undefined,
): StepInput<unknown> {
  try {
    return inputOf(active, step, kind, earlier);
  } catch (error) {
    if (!isLifeboatError(error, 'expression.invalid')) throw error;
    return inputWith(active, step, kind, earlier, step);
  }
}

function inputWith(
  active: ActiveRun,
  step: StepDeclaration,
  kind: StepKind,
  earlier: StepHistory | undefined,
  { settings, siblings }: { readonly settings: unknown; readonly siblings: unknown },
): StepInput<unknown> {
  return {
    id: step.id,
    key: keyOf(active, step),
    settings: parseSettings(kind, settings, step),
    siblings: parseSiblings(kind, siblings, step),
    remembered: earlier?.remembered ?? {},
    ...(step.in === undefined ? {} : { in: step.in }),
    ...(step.idempotent === undefined ? {} : { idempotent: step.idempotent }),
  };
}

/** What names mean to a step: in a called scenario, what they mean there. */
export function variablesNow(active: ActiveRun, step: Pick<StepDeclaration, 'scope' | 'in'>): Record<string, unknown> {
  const all = variablesOf({ ...active, environment: environmentOf(active, step) });
  const { scope } = step;
  const called = scope === undefined ? undefined : active.scopes.get(scope);
  if (scope === undefined || called === undefined) return all;
  return {
    ...all,
    scenario: { name: called.scenario },
    parameters: called.parameters,
    steps: outputsWithin(active.outputs, scope),
  };
}

/**
 * Before anything acts: a procedure that says what nothing would look at is refused, because its success would be a lie. What an `if`
 * may leave out is judged when its turn comes. Throws `plan.not_executable`.
 */
export function refuseUnkept(scenario: Scenario, kinds: readonly CheckKind[]): void {
  refuseUnknownChecks(
    [...(scenario.success ?? []), ...(scenario.invariants ?? [])],
    kinds,
    `scenarios.${scenario.name}`,
  );
  refuseSteps(scenario.steps, kinds);
}

function refuseSteps(steps: readonly StepDeclaration[], kinds: readonly CheckKind[]): void {
  for (const step of steps.filter((one) => one.if === undefined)) {
    const called = [step.called, ...(step.options ?? []).map((option) => option.called)];
    const ofCalled = called.flatMap((one) => [...(one?.success ?? []), ...(one?.invariants ?? [])]);
    refuseUnknownChecks([...(step.guard ?? []), ...(step.verify ?? []), ...ofCalled], kinds, step.place.path);
    refuseSteps(step.steps, kinds);
  }
}

/** A check that nothing asks yet would be red for ever, or be taken for green. */
function refuseUnknownChecks(specs: readonly CheckSpec[], kinds: readonly CheckKind[], where: string): void {
  const unknown = specs.find(({ kind }) => !kinds.some((one) => one.kind === kind));
  if (unknown !== undefined) throw unkept(`the check ${unknown.kind}`, where);
}

const unkept = (what: string, where: string): LifeboatError =>
  new LifeboatError('plan.not_executable', `nothing keeps ${what} yet`, {
    where,
    hint: 'Write it as a step of its own, a check for example.',
  });

/** Throws `plan.not_executable`. */
export function kindOf({ tools }: Pick<ActiveRun, 'tools'>, step: StepDeclaration): StepKind {
  const kind = tools.stepKinds.find((one) => one.kind === step.kind);
  if (kind !== undefined) return kind;
  throw new LifeboatError('plan.not_executable', `steps of kind ${step.kind} cannot be executed yet`, {
    where: step.place.path,
    hint: `These can: ${tools.stepKinds.map((one) => one.kind).join(', ')}.`,
  });
}

export function parseSettings(kind: StepKind, settings: unknown, step: StepDeclaration): unknown {
  const parsed = kind.schema.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw wrong(step, step.kind, parsed.error.issues);
}

export function parseSiblings(kind: StepKind, siblings: unknown, step: StepDeclaration): Record<string, unknown> {
  const parsed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(siblings ?? {})) {
    const result = kind.siblings?.[name]?.safeParse(value);
    if (result === undefined) throw wrong(step, name, [{ path: [], message: `${step.kind} knows no ${name}` }]);
    if (!result.success) throw wrong(step, name, result.error.issues);
    parsed[name] = result.data;
  }
  return parsed;
}

function wrong(
  step: StepDeclaration,
  key: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): LifeboatError {
  const what = issues.map(({ path, message }) => [[key, ...path].map(String).join('.'), message].join(': ')).join('; ');
  return new LifeboatError('plan.invalid', `step ${step.id} cannot run as it is: ${what}`, {
    where: `${step.place.file}:${step.place.line}:${step.place.column}`,
    hint: 'A ${…} may have given something else than the step takes.',
  });
}
