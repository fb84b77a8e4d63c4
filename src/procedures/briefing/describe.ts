import { toLifeboatError } from '../../core/index.ts';
import { keptStandby, replicate, storesUnwell, underPolicy } from '../../operations/index.ts';
import type { CalledScenario, Scenario, StepDeclaration } from '../../plan/index.ts';
import { waysOf } from '../groups/choose.ts';
import { expandCalls } from '../groups/expand.ts';
import { groupTitle } from '../groups/group.ts';
import { isGroup } from '../groups/is-group.ts';
import { kindOf, parseSettings, parseSiblings } from '../settings/input.ts';
import { insideOf } from '../runner/order.ts';
import { parametersOf } from '../settings/parameters.ts';
import type { Incident, RunnerTools } from '../run-types.ts';
import { flatSteps } from '../records/show.ts';
import type { Environment, StepContext, StepInput, StepPreview } from '../step.ts';
import { templateHolds } from '../../plan/index.ts';
import { windowOf } from '../before/index.ts';
import { foreseenOf } from './foreseen.ts';
import { resolveKnown } from '../settings/templates.ts';
import { variablesOf } from '../settings/variables.ts';

export interface DescribeRequest {
  readonly scenario: Scenario;
  readonly environment: Environment;
  readonly tools: RunnerTools;
  readonly incident: Incident;
  /** The contact that would start it. */
  readonly requester?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface DescribedStep extends StepPreview {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly budgetMs: number | undefined;
  /** False when its `if` is known to be false here. */
  readonly runs: boolean;
  /** The environment, where it is not the run's. */
  readonly in?: string;
  /** The window that it waits for, and when that opens. */
  readonly window?: string;
  /** Who has to decide or act: roles or contacts; none named: anybody. */
  readonly decides?: readonly string[];
  /** Why no rollback takes it back by itself. */
  readonly stays?: string;
}

/**
 * The dry run: what each step would do, and how sure that is. Executes no step and writes nothing; sources and stores are
 * only read. What depends on a step that has not run is unknown or predicted, never proved.
 */
export async function describeProcedure(request: DescribeRequest): Promise<DescribedStep[]> {
  const scenario = expandCalls(request.scenario, request.tools.workspace.plan);
  const variables = variablesOf({
    run: 'dry',
    mode: 'dry',
    scenario,
    environment: request.environment,
    incident: request.incident,
    outputs: new Map(),
    parameters: parametersOf(scenario, request.parameters ?? {}),
  });
  return describeSteps({ ...request, scenario }, scenario.steps, { variables, within: undefined });
}

interface Around {
  readonly variables: Record<string, unknown>;
  /** What must come true before these steps run, where that is not sure. */
  readonly within: string | undefined;
}

async function describeSteps(
  request: DescribeRequest,
  steps: readonly StepDeclaration[],
  around: Around,
): Promise<DescribedStep[]> {
  const described: DescribedStep[] = [];
  for (const step of steps) {
    const own = await describeStep(request, step, around.variables);
    const inside = own.runs ? await describeInside(request, step, around) : leftOut(insideOf(step), own.text);
    const shown = noSurerThan(inside, own);
    described.push(around.within === undefined || !own.runs ? shown : onlyIf(shown, around.within), ...inside);
  }
  return described;
}

async function describeInside(
  request: DescribeRequest,
  step: StepDeclaration,
  around: Around,
): Promise<DescribedStep[]> {
  const condition = step.if === undefined ? true : tryToDecide(step.if, around.variables);
  const within = condition === undefined ? `if ${step.if}` : around.within;
  const inside = await describeSteps(request, step.steps, { within, variables: calledVariables(step.called, around) });
  const foreseen = foreseenWay(step, around.variables);
  for (const option of step.options ?? []) {
    if (foreseen.includes(option.name)) {
      const one = foreseen.length === 1 ? within : `if ${option.name} is chosen`;
      const variables = calledVariables(option.called, around);
      inside.push(...(await describeSteps(request, option.steps, { within: one, variables })));
    } else inside.push(...leftOut(option.steps, `another way: ${option.if} is false`));
  }
  return inside;
}

/** What the names mean to the steps of a called scenario. */
function calledVariables(called: CalledScenario | undefined, { variables }: Around): Record<string, unknown> {
  if (called === undefined) return variables;
  const given = resolveKnown(called.with, variables).value as Record<string, unknown>;
  return { ...variables, scenario: { name: called.scenario }, parameters: { ...called.defaults, ...given }, steps: {} };
}

/** The ways that are not excluded by what is known already. */
const foreseenWay = (step: StepDeclaration, variables: Record<string, unknown>): string[] =>
  waysOf(step)
    .filter((way) => way.if === undefined || tryToDecide(way.if, variables) !== false)
    .map(({ name }) => name);

/** A group is as sure as the least sure of the steps in it that run. */
function noSurerThan(inside: readonly DescribedStep[], group: DescribedStep): DescribedStep {
  const words = [group, ...inside.filter(({ runs }) => runs)].map(({ certainty }) => certainty);
  const certainty = (['unknown', 'predicted'] as const).find((word) => words.includes(word)) ?? 'proved';
  return group.runs ? { ...group, certainty } : group;
}

const onlyIf = (step: DescribedStep, condition: string): DescribedStep => ({
  ...step,
  certainty: step.certainty === 'proved' ? 'predicted' : step.certainty,
  text: `${condition}: ${step.text}`,
});

const leftOut = (steps: readonly StepDeclaration[], text: string): DescribedStep[] =>
  flatSteps({ steps }).map(({ id, kind, budgetMs }) => ({
    id,
    kind,
    budgetMs,
    title: kind,
    runs: false,
    certainty: 'proved',
    text,
  }));

/** Its steps stand below it, each with its own word. */
function describeGroup(step: StepDeclaration, variables: Record<string, unknown>): StepPreview {
  const names = step.steps.map(({ id }) => id).join(', ');
  if (step.kind !== 'choose') return { certainty: 'proved', text: `${groupTitle(step)}: ${names}` };
  const ways = waysOf(step);
  const open = foreseenWay(step, variables);
  const byFact = ways.every((way) => way.if !== undefined);
  if (byFact && open.length === 1) return { certainty: 'proved', text: `${open[0]}, by the facts` };
  const who = byFact ? 'the facts decide then, or a person' : 'a person decides';
  return { certainty: 'unknown', text: `${groupTitle(step)} ${open.join(', ') || 'no way fits'}; ${who}` };
}

async function describeStep(
  request: DescribeRequest,
  step: StepDeclaration,
  around: Record<string, unknown>,
): Promise<DescribedStep> {
  const base = {
    id: step.id,
    kind: step.kind,
    budgetMs: step.budgetMs,
    ...(step.in === undefined ? {} : { in: step.in }),
    ...windowOf(step, request.tools.workspace),
    ...foreseenOf(step, request.tools),
  };
  let condition: boolean | undefined;
  let variables = around;
  try {
    variables = hereOf(request, step, around);
    condition = step.if === undefined ? true : tryToDecide(step.if, variables);
  } catch (error) {
    return { ...base, title: step.kind, runs: true, ...unknownBecause(error) };
  }
  if (condition === false) {
    const text = `left out here: ${step.if} is false`;
    return { ...base, title: step.kind, runs: false, certainty: 'proved', text };
  }
  try {
    if (isGroup(step)) {
      const preview = describeGroup(step, variables);
      const shown = condition === undefined ? { ...preview, text: `if ${step.if}: ${preview.text}` } : preview;
      return { ...base, title: groupTitle(step), runs: true, ...shown };
    }
    return { ...base, runs: true, ...(await previewOf(request, step, variables, condition)) };
  } catch (error) {
    return { ...base, title: step.kind, runs: true, ...unknownBecause(error) };
  }
}

async function previewOf(
  request: DescribeRequest,
  step: StepDeclaration,
  variables: Record<string, unknown>,
  condition: boolean | undefined,
): Promise<StepPreview & { readonly title: string }> {
  const kind = kindOf(request, step);
  const settings = resolveKnown(step.settings, variables);
  const siblings = resolveKnown(step.siblings, variables);
  const input: StepInput<unknown> = {
    id: step.id,
    key: `dry/${step.id}`,
    settings: parseSettings(kind, settings.value, step),
    siblings: parseSiblings(kind, siblings.value, step),
    remembered: {},
  };
  const title = kind.title(input.settings, input.siblings);
  const there = { ...request, environment: placeOf(request, step) };
  const open = [...settings.unknown, ...siblings.unknown];
  const said = await kind.describe(input, dryContext(there)).catch(unknownBecause);
  const preview = kind.surest === 'proved' ? said : lessSure(said, []);
  const shown = open.length === 0 ? preview : lessSure(preview, open);
  return { title, ...shown, text: condition === undefined ? `if ${step.if}: ${shown.text}` : shown.text };
}

/** Where a step would act, and what `environment` means to it. Throws `plan.unknown_name`. */
const placeOf = ({ environment, tools }: DescribeRequest, step: Pick<StepDeclaration, 'in'>): Environment =>
  step.in === undefined || step.in === environment.name
    ? environment
    : (tools.environment?.(step.in, 'dry-run') ?? environment);

function hereOf(
  request: DescribeRequest,
  step: StepDeclaration,
  variables: Record<string, unknown>,
): Record<string, unknown> {
  const place = placeOf(request, step);
  if (place === request.environment) return variables;
  const { name, protected: isProtected, ephemeral, folder } = place;
  return { ...variables, environment: { name, protected: isProtected, ephemeral, folder } };
}

function tryToDecide(condition: string, variables: Record<string, unknown>): boolean | undefined {
  try {
    return templateHolds(condition, variables);
  } catch {
    // It depends on what a step will give: the preview says so instead of deciding.
    return undefined;
  }
}

const lessSure = (preview: StepPreview, open: readonly string[]): StepPreview => ({
  certainty: preview.certainty === 'proved' ? 'predicted' : preview.certainty,
  text: open.length === 0 ? preview.text : `${preview.text} (${open.join(', ')} is known only when it runs)`,
});

const unknownBecause = (error: unknown): StepPreview => ({
  certainty: 'unknown',
  text: toLifeboatError(error).message,
});

async function act(): Promise<never> {
  throw new Error('a dry run executes nothing');
}

/** Hands that can look but not act. */
function dryContext({ tools, environment, incident, signal, requester }: DescribeRequest): StepContext {
  const { workspace } = tools;
  return {
    plan: workspace.plan,
    here: { host: workspace.host, site: tools.elsewhere?.site },
    place: (name) => (name === environment.name ? environment : undefined),
    mode: 'dry',
    environment,
    clock: workspace.clock,
    progress: workspace.progress,
    signal: signal ?? new AbortController().signal,
    incident,
    checkKinds: tools.checkKinds,
    asset: (name) => workspace.asset(name),
    planRestore: (request) => tools.planRestore(request),
    backup: act,
    storesUnwell: (asset, policy) =>
      storesUnwell(policy === undefined ? workspace : underPolicy(workspace, asset, policy), asset),
    replicate: (request) => replicate(workspace, { ...request, dryRun: true }),
    restore: act,
    check: act,
    keptStandby: (asset, folder) => keptStandby(workspace, asset, folder),
    promoteStandby: act,
    said: () => [],
    requester,
    copies: () => [],
    given: () => new Map(),
    drill: act,
    notify: act,
    messageFacts: () => ({}),
    remember: () => {},
    mustHold: act,
    goesOn: async () => true,
    output: () => {},
  };
}
