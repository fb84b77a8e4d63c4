import { assert } from '../../core/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { reuse } from '../runner/earlier.ts';
import { openScope } from '../groups/scopes.ts';
import { readHistory } from '../records/history.ts';
import { inputOf } from '../settings/input.ts';
import { Order } from '../runner/order.ts';
import { placesOf } from '../targets/places.ts';
import type { RunnerTools } from '../run-types.ts';
import { flatSteps } from '../records/show.ts';
import { procedureOf } from '../records/snapshot.ts';
import type { Environment, StepKind } from '../step.ts';
import { undoKindOf, type Then } from './undo-kind.ts';

/** What the run that is taken back knew: outputs, and what names meant in the scenarios that it called. */
export interface BeforeRollback {
  readonly tools: RunnerTools;
  readonly outputs: Map<string, Record<string, unknown>>;
  readonly scopes: ActiveRun['scopes'];
  readonly original: ActiveRun;
}

/** The hands of a rollback: those of the runner, and for each kind that can take back a kind that does. Throws `run.missing`. */
export async function handsOfRollback(
  tools: RunnerTools,
  environment: Environment,
  run: string,
  signal: AbortSignal,
): Promise<BeforeRollback> {
  const original = await originalRun(tools, environment, run, signal);
  const undoing = tools.stepKinds.filter(({ undo }) => undo !== undefined);
  const kinds = undoing.map((kind) => undoKindOf(kind, thenIn(original, kind)));
  return {
    tools: { ...tools, stepKinds: [...tools.stepKinds, ...(kinds as unknown as StepKind[])] },
    outputs: new Map(original.outputs),
    scopes: original.scopes,
    original,
  };
}

/** What each step was given then, and what it gave. */
function thenIn(original: ActiveRun, kind: StepKind): Then {
  return {
    title: (id) => original.earlier?.steps.get(id)?.title ?? kind.kind,
    input: (id) => {
      const step = flatSteps(original.scenario).find((one) => one.id === id);
      assert(step !== undefined, `${id} is a step of the run that is taken back`);
      const input = inputOf(original, step, kind, original.earlier?.steps.get(id));
      return { ...input, outputs: original.outputs.get(id) ?? {} };
    },
  };
}

async function originalRun(
  tools: RunnerTools,
  environment: Environment,
  run: string,
  signal: AbortSignal,
): Promise<ActiveRun> {
  const earlier = readHistory(tools.workspace.journal, run);
  const { started } = earlier;
  const scenario = procedureOf(earlier, tools.workspace.plan);
  const original: ActiveRun = {
    run,
    scenario,
    environment,
    mode: started.mode,
    tools,
    incident: started.incident,
    requester: started.by,
    order: new Order(scenario),
    earlier,
    answer: undefined,
    meanwhile: { begin: () => {} },
    watching: new Set(),
    breakOff: () => {},
    lease: undefined,
    places: placesOf(scenario, { tools, environment, mode: started.mode }, run),
    confirmed: new Set(),
    despite: undefined,
    parameters: started.parameters ?? {},
    outputs: new Map(),
    scopes: new Map(),
    signal,
    stopped: undefined,
    reason: undefined,
  };
  for (const step of flatSteps(scenario)) {
    const known = earlier.steps.get(step.id);
    for (const called of [step.called, ...(step.options ?? []).map((option) => option.called)])
      if (called !== undefined && known !== undefined) openScope(original, step, called);
    if (known === undefined || (known.state !== 'done' && !known.acted)) continue;
    const kind = tools.stepKinds.find((one) => one.kind === step.kind);
    const secret = known.redacted.length > 0 && kind !== undefined;
    const found = secret ? await reuse(original, kind, inputOf(original, step, kind, known), known) : known;
    original.outputs.set(step.id, { ...found.outputs });
  }
  return original;
}
