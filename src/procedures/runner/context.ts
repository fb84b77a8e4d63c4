import { limits, LifeboatError, redact } from '../../core/index.ts';
import {
  keptStandby,
  promoteStandby,
  replicate,
  storesInside,
  storesUnwell,
  underPolicy,
} from '../../operations/index.ts';
import { readHistory } from '../records/history.ts';
import { messageFacts } from '../settings/message-facts.ts';
import type { ActiveRun } from './active-run.ts';
import { environmentOf } from '../targets/places.ts';
import type { StepContext, StepInput } from '../step.ts';

export interface ContextOfStep {
  readonly context: StepContext;
  /** The end of what the step put out so far. */
  tail(): string;
  /** What earlier attempts and this one remembered. */
  remembered(): Record<string, unknown>;
}

/** The hands of one attempt of one step. */
export function contextOf(
  active: ActiveRun,
  input: StepInput<unknown>,
  attempt: number,
  signal: AbortSignal,
): ContextOfStep {
  const { tools, run, mode, incident } = active;
  const { workspace } = tools;
  // What was lost may answer still, and worse from minute to minute: it is asked where nothing else has the point.
  const avoid = storesInside(workspace.plan, active.scenario.loses.domains);
  let tail = '';
  let remembered: Record<string, unknown> = { ...input.remembered };
  const context: StepContext = {
    plan: workspace.plan,
    here: { host: workspace.host, site: tools.elsewhere?.site ?? active.site },
    place: (name) => [active.environment, ...active.places.values()].find((one) => one.name === name),
    mode,
    environment: environmentOf(active, input),
    clock: workspace.clock,
    progress: workspace.progress,
    signal,
    incident,
    checkKinds: tools.checkKinds,
    asset: (name) => workspace.asset(name),
    backup: (asset, policy) => tools.backup(asset, signal, policy),
    storesUnwell: (asset, policy) =>
      storesUnwell(policy === undefined ? workspace : underPolicy(workspace, asset, policy), asset),
    replicate: (request) => replicate(workspace, { ...request, signal }),
    planRestore: (request) => tools.planRestore({ ...request, avoid, signal }),
    restore: (request) => tools.restore({ ...request, avoid, signal }),
    check: (asset, url) =>
      workspace.asset(asset).check({ url }, workspace.plan.assets.get(asset)?.checks ?? [], { signal }),
    keptStandby: (asset, folder) => keptStandby(workspace, asset, folder),
    promoteStandby: (request) =>
      promoteStandby(workspace, { ...request, signal, say: (line) => context.output(`the standby: ${line.state}`) }),
    said: () => active.said ?? readHistory(workspace.journal, run).steps.get(input.id)?.said ?? [],
    requester: active.requester?.as,
    copies: () => [...active.outputs.values()].flatMap(({ url }) => (typeof url === 'string' ? [url] : [])),
    given: () => active.outputs,
    drill: async (name) => {
      if (tools.drill !== undefined) return tools.drill(name, signal);
      throw new LifeboatError('plan.not_executable', `no drill can be called here, and ${input.id} calls ${name}`);
    },
    notify: (message) => tools.notify(message, signal),
    messageFacts: () => messageFacts(active),
    remember: (facts) => {
      workspace.journal.append('step.remembered', { step: input.id, attempt, facts }, { run });
      remembered = { ...remembered, ...facts };
    },
    mustHold: async () => active.lease?.mustHold(),
    goesOn: async (how) => {
      if (how?.asked === true) for (const one of active.watching) await one.ask();
      return active.stopped === undefined && !active.signal.aborted;
    },
    output: (line) => {
      const shown = redact(line);
      tail = `${tail}${shown}\n`.slice(-limits.outputTailBytes);
      tools.output?.(input.id, shown);
    },
  };
  return { context, tail: () => tail, remembered: () => remembered };
}
