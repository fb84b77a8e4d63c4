import { limits, LifeboatError } from '../../core/index.ts';
import type { CalledScenario, Plan, Scenario, StepDeclaration, StepOption } from '../../plan/index.ts';

/**
 * The procedure with each called scenario written out where it is called, its steps named after the call: `rebuild.bring_back`. What a
 * run takes with it is this, so that a later change of the called scenario changes nothing. Drills that are called stay as they are.
 * Throws `plan.unknown_name`, `plan.invalid` for scenarios that call each other in a circle, `limit.exceeded`.
 */
export function expandCalls(scenario: Scenario, { scenarios }: Pick<Plan, 'scenarios'>): Scenario {
  const state: State = { scenarios, steps: 0, domains: new Set(scenario.loses.domains) };
  const steps = scenario.steps.map((step) => expandStep(step, [scenario.name], state));
  // What a called scenario loses is lost here too: nothing is asked there first.
  return { ...scenario, loses: { ...scenario.loses, domains: [...state.domains] }, steps };
}

interface State {
  readonly scenarios: ReadonlyMap<string, Scenario>;
  steps: number;
  readonly domains: Set<string>;
}

function expandStep(step: StepDeclaration, way: readonly string[], state: State): StepDeclaration {
  state.steps += 1;
  if (state.steps > limits.procedureStepsMax) {
    throw new LifeboatError('limit.exceeded', `a procedure has at most ${limits.procedureStepsMax} steps`, {
      where: step.place.path,
      hint: 'Scenarios that call scenarios that call scenarios grow fast.',
    });
  }
  const steps = step.steps.map((one) => expandStep(one, way, state));
  const options = step.options?.map((option) => expandOption(step, option, way, state));
  const own = { ...step, steps, ...(options === undefined ? {} : { options }) };
  const called = step.kind === 'call' && step.called === undefined ? calledBy(step.settings) : undefined;
  const whole = called === undefined ? own : { ...own, ...bringIn(step, step.id, called, way, state) };
  return step.in === undefined ? whole : within(whole, step.in);
}

/** What is inside a group acts where the group does, unless it says where itself. */
function within(step: StepDeclaration, place: string): StepDeclaration {
  const inside = (list: readonly StepDeclaration[]): StepDeclaration[] =>
    list.map((one) => (one.in === undefined ? within({ ...one, in: place }, place) : one));
  const { steps, options } = step;
  const ways = options?.map((option) => ({ ...option, steps: inside(option.steps) }));
  return { ...step, steps: inside(steps), ...(ways === undefined ? {} : { options: ways }) };
}

function expandOption(step: StepDeclaration, option: StepOption, way: readonly string[], state: State): StepOption {
  if (option.call === undefined || option.called !== undefined)
    return { ...option, steps: option.steps.map((one) => expandStep(one, way, state)) };
  const called = { scenario: option.call, with: {} };
  const before = option.steps.map((one) => expandStep(one, way, state));
  const { steps, called: facts } = bringIn(step, `${step.id}.${option.name}`, called, way, state);
  return { ...option, steps: [...before, ...steps], called: facts };
}

/** The steps of a called scenario, renamed so that they fit beside those of the caller. */
function bringIn(
  step: StepDeclaration,
  scope: string,
  called: { scenario: string; with: Readonly<Record<string, unknown>> },
  way: readonly string[],
  state: State,
): { steps: StepDeclaration[]; called: CalledScenario } {
  const scenario = state.scenarios.get(called.scenario);
  const where = step.place.path;
  if (scenario === undefined) {
    throw new LifeboatError('plan.unknown_name', `${step.id} calls ${called.scenario}, which the plan does not have`, {
      where,
    });
  }
  if (way.includes(scenario.name)) {
    const circle = [...way, scenario.name].join(' → ');
    throw new LifeboatError('plan.invalid', `scenarios call each other in a circle: ${circle}`, { where });
  }
  const declared = scenario.parameters ?? new Map();
  const foreign = Object.keys(called.with).find((name) => !declared.has(name));
  if (foreign !== undefined) {
    throw new LifeboatError('plan.unknown_name', `${scenario.name} has no parameter ${foreign}`, {
      where,
      hint: `It has: ${[...declared.keys()].join(', ') || 'none'}.`,
    });
  }
  for (const domain of scenario.loses.domains) state.domains.add(domain);
  const defaults = [...declared].flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]]));
  return {
    steps: scenario.steps.map((one) => renamed(expandStep(one, [...way, scenario.name], state), scope)),
    called: {
      scenario: scenario.name,
      scope,
      defaults: Object.fromEntries(defaults),
      with: called.with,
      ...(scenario.success === undefined ? {} : { success: scenario.success }),
      ...(scenario.invariants === undefined ? {} : { invariants: scenario.invariants }),
    },
  };
}

/** A step of the called scenario and all in it, under the name of the call. */
function renamed(step: StepDeclaration, scope: string): StepDeclaration {
  const under = (name: string): string => `${scope}.${name}`;
  const calledUnder = (called: CalledScenario): CalledScenario => ({ ...called, scope: under(called.scope) });
  const { needs, options, called } = step;
  return {
    ...step,
    id: under(step.id),
    needs: needs?.map(under),
    scope: step.scope === undefined ? scope : under(step.scope),
    steps: step.steps.map((one) => renamed(one, scope)),
    ...(called === undefined ? {} : { called: calledUnder(called) }),
    ...(options === undefined
      ? {}
      : {
          options: options.map((option) => ({
            ...option,
            steps: option.steps.map((one) => renamed(one, scope)),
            ...(option.called === undefined ? {} : { called: calledUnder(option.called) }),
          })),
        }),
  };
}

/** The scenario that a `call` names, if it is one; a drill is called by whoever runs drills. */
function calledBy(settings: unknown): { scenario: string; with: Readonly<Record<string, unknown>> } | undefined {
  if (typeof settings === 'string') return { scenario: settings, with: {} };
  if (typeof settings !== 'object' || settings === null || !('scenario' in settings)) return undefined;
  const given = 'with' in settings && typeof settings.with === 'object' && settings.with !== null ? settings.with : {};
  return { scenario: String(settings.scenario), with: given as Record<string, unknown> };
}
