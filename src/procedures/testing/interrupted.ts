import { basename } from 'node:path';
import { contentHash, type StepDeclaration } from '../../plan/index.ts';
import { resumeRun, type RunResult, type StepContext, type StepInput, type StepKind } from '../index.ts';
import { brokeNow, scenarioOf, type Bench } from './bench.ts';

/**
 * Goes on with a run whose runner died in the middle of its one step: after the step's record `started` and what it remembered, as if it
 * had been killed right before or right after its effect.
 */
export async function resumeInterrupted(
  bench: Bench,
  step: StepDeclaration,
  remembered: Record<string, unknown> | undefined,
): Promise<RunResult> {
  const run = interruptedRun(bench);
  const snapshot = JSON.parse(JSON.stringify(scenarioOf(step))) as Record<string, unknown>;
  const { name, folder } = bench.environment;
  bench.journal.append(
    'run.started',
    {
      scenario: 'broken',
      mode: 'real',
      environment: { name, protected: true, folder },
      plan: { name: 'bench', hash: 'plan-hash' },
      scenarioHash: 'scenario-hash',
      snapshot,
      snapshotHash: contentHash(snapshot),
      incident: brokeNow(),
      tool: 'lifeboat bench',
      host: 'bench',
      pid: 1,
    },
    { run },
  );
  bench.journal.append('step.started', { step: step.id, kind: step.kind, attempt: 1, title: step.id }, { run });
  if (remembered !== undefined)
    bench.journal.append('step.remembered', { step: step.id, attempt: 1, facts: remembered }, { run });
  return resumeRun({ run, environment: bench.environment, tools: bench.tools });
}

/** What such a run is called now: as no run of another test on this machine, which ends what bears the mark of its own. */
export const interruptedRun = ({ folder, journal }: Bench): string =>
  `interrupted-${basename(folder)}-${journal.records().length}`;

/** What the last step of a kind remembered. */
export function rememberedBy(bench: Bench, step: string): Record<string, unknown> {
  const records = bench.journal.records({ kinds: ['step.remembered'] }).filter(({ data }) => data['step'] === step);
  return Object.assign({}, ...records.map(({ data }) => data['facts'])) as Record<string, unknown>;
}

/** The hands of a step outside of a run, for its `undo` and `prove`. */
export function handsOf(bench: Bench, more: Partial<StepContext> = {}): StepContext {
  return {
    plan: bench.workspace.plan,
    here: { host: bench.workspace.host, site: undefined },
    place: (name) => (name === bench.environment.name ? bench.environment : undefined),
    mode: 'real',
    environment: bench.environment,
    clock: bench.workspace.clock,
    progress: bench.workspace.progress,
    signal: new AbortController().signal,
    incident: { impactMs: 0, lastGoodMs: 0 },
    checkKinds: bench.tools.checkKinds,
    asset: (name) => bench.workspace.asset(name),
    backup: async () => [],
    planRestore: bench.tools.planRestore,
    restore: bench.tools.restore,
    check: async () => [],
    said: () => [],
    requester: undefined,
    copies: () => [],
    given: () => new Map(),
    notify: async () => 'told',
    messageFacts: () => ({}),
    remember: () => {},
    mustHold: async () => {},
    goesOn: async () => true,
    output: () => {},
    ...more,
  } as StepContext;
}

export function inputOf(
  kind: StepKind,
  settings: unknown,
  remembered: Record<string, unknown> = {},
): StepInput<unknown> {
  return { id: 'act', key: 'run/act', settings: kind.schema.parse(settings), siblings: {}, remembered };
}
