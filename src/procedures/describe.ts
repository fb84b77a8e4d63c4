import { toLifeboatError } from '../core/index.ts';
import type { Scenario, StepDeclaration } from '../plan/index.ts';
import { kindOf, parseSettings, parseSiblings } from './input.ts';
import type { Incident, RunnerTools } from './run-types.ts';
import { flatSteps } from './show.ts';
import type { Environment, StepContext, StepInput, StepPreview } from './step.ts';
import { templateHolds } from '../plan/index.ts';
import { resolveKnown } from './templates.ts';
import { variablesOf } from './variables.ts';

export interface DescribeRequest {
  readonly scenario: Scenario;
  readonly environment: Environment;
  readonly tools: RunnerTools;
  readonly incident: Incident;
  /** The contact that would start it. */
  readonly requester?: string;
  readonly signal?: AbortSignal;
}

export interface DescribedStep extends StepPreview {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly budgetMs: number | undefined;
  /** False when its `if` is known to be false here. */
  readonly runs: boolean;
}

/**
 * The dry run: what each step would do, and how sure that is. Executes no step and writes nothing; sources and stores are
 * only read. What depends on a step that has not run is unknown or predicted, never proved.
 */
export async function describeProcedure(request: DescribeRequest): Promise<DescribedStep[]> {
  const described: DescribedStep[] = [];
  for (const step of flatSteps(request.scenario)) described.push(await describeStep(request, step));
  return described;
}

async function describeStep(request: DescribeRequest, step: StepDeclaration): Promise<DescribedStep> {
  const base = { id: step.id, kind: step.kind, budgetMs: step.budgetMs };
  const variables = variablesOf({
    run: 'dry',
    mode: 'dry',
    scenario: request.scenario,
    environment: request.environment,
    incident: request.incident,
    outputs: new Map(),
  });
  const condition = step.if === undefined ? true : tryToDecide(step.if, variables);
  if (condition === false) {
    const text = `left out here: ${step.if} is false`;
    return { ...base, title: step.kind, runs: false, certainty: 'proved', text };
  }
  if (step.kind === 'parallel') {
    // Its steps stand below it, each with its own word.
    const title = `${step.steps.length} steps at once`;
    return {
      ...base,
      title,
      runs: true,
      certainty: 'proved',
      text: `${title}: ${step.steps.map(({ id }) => id).join(', ')}`,
    };
  }
  try {
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
    const open = [...settings.unknown, ...siblings.unknown];
    const preview = await kind.describe(input, dryContext(request)).catch(unknownBecause);
    const shown = open.length === 0 ? preview : lessSure(preview, open);
    const text = condition === undefined ? `if ${step.if}: ${shown.text}` : shown.text;
    return { ...base, title, runs: true, ...shown, text };
  } catch (error) {
    return { ...base, title: step.kind, runs: true, ...unknownBecause(error) };
  }
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
  text: `${preview.text} (${open.join(', ')} is known only when it runs)`,
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
    restore: act,
    check: act,
    said: () => [],
    requester,
    copies: () => [],
    notify: act,
    remember: () => {},
    output: () => {},
  };
}
