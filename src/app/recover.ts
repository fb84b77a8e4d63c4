import { mkdir } from 'node:fs/promises';
import { LifeboatError, timeId } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { Scenario } from '../plan/index.ts';
import {
  expandCalls,
  flatSteps,
  planRollback,
  readHistory,
  resumeRun,
  rollbackRun,
  runProcedure,
  type Requester,
  type Rollback,
  type RollbackRequest,
  type ResumeRequest,
  type RunnerTools,
  type RunResult,
} from '../procedures/index.ts';
import { lastingEnvironment } from './environment.ts';
import { registry } from './registry.ts';
import { runnerTools } from './tools.ts';

export interface RecoverRequest {
  readonly scenario: string;
  /** Default: the one lasting environment of the plan. */
  readonly environment?: string;
  /** When it broke, milliseconds since 1970; default: now. */
  readonly impactMs?: number;
  /** The last moment whose data is wanted; default: the impact. */
  readonly lastGoodMs?: number;
  /** Who starts it: asked for where the procedure asks for approvals. */
  readonly by?: Requester;
  /** What people typed for the scenario's parameters, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** A person has made sure that nobody else acts there, where a store cannot tell. */
  readonly alone?: boolean;
  readonly signal?: AbortSignal;
  readonly tools?: RunnerTools;
}

/** Runs the procedure of a scenario for real. Throws `plan.unknown_name` and what `runProcedure` throws. */
export async function recover(workspace: Workspace, request: RecoverRequest): Promise<RunResult> {
  const scenario = scenarioOf(workspace, request.scenario);
  const run = timeId(workspace.clock.now());
  const environment = lastingEnvironment(workspace, request.environment ?? onlyEnvironment(workspace), run);
  // Servers may be started as another user, who must be able to pass through (and not to list) the folders above their own.
  await mkdir(environment.folder, { recursive: true, mode: 0o711 });
  const declaredMs = workspace.clock.now();
  const impactMs = request.impactMs ?? declaredMs;
  return runProcedure({
    run,
    scenario,
    environment,
    mode: 'real',
    tools: request.tools ?? runnerTools(workspace),
    incident: { impactMs, declaredMs, lastGoodMs: request.lastGoodMs ?? impactMs },
    alone: request.alone ?? false,
    parameters: request.parameters ?? {},
    ...(request.by === undefined ? {} : { by: request.by }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
}

/** Goes on with a real run that stopped. Throws what `resumeRun` throws. */
export async function resume(
  workspace: Workspace,
  request: Omit<ResumeRequest, 'environment' | 'tools'>,
): Promise<RunResult> {
  const { started } = readHistory(workspace.journal, request.run);
  const environment = lastingEnvironment(workspace, started.environment.name, request.run);
  return resumeRun({ ...request, environment, tools: runnerTools(workspace) });
}

/** What a rollback of the run would do; changes nothing. Throws what `planRollback` throws. */
export const planOfRollback = (workspace: Workspace, run: string): Rollback =>
  planRollback(runnerTools(workspace), run);

/** Takes back what a real run did. Throws what `rollbackRun` throws. */
export async function rollback(
  workspace: Workspace,
  request: Pick<RollbackRequest, 'run' | 'by' | 'alone' | 'signal'>,
): Promise<RunResult> {
  const { started } = readHistory(workspace.journal, request.run);
  const as = timeId(workspace.clock.now());
  const environment = lastingEnvironment(workspace, started.environment.name, as);
  await mkdir(environment.folder, { recursive: true, mode: 0o711 });
  return rollbackRun({ ...request, as, environment, tools: runnerTools(workspace) });
}

/**
 * What runs programs or changes things in a protected environment is asked for in so many words; restores go to new places and need none.
 * `where` is the environment, or a run that acted in it. Throws `environment.protected`.
 */
export function mustHaveConsent(
  { plan, journal }: Pick<Workspace, 'plan' | 'journal'>,
  where: string,
  scenario: Scenario,
  yes: boolean,
): void {
  const environment = plan.environments.has(where) ? where : readHistory(journal, where).started.environment.name;
  if (yes || plan.environments.get(environment)?.protected !== true) return;
  const destructive = flatSteps(expandCalls(scenario, plan)).filter(
    ({ kind }) => registry.steps.find((step) => step.kind === kind)?.destructive !== false,
  );
  if (destructive.length === 0) return;
  throw new LifeboatError(
    'environment.protected',
    `${environment} is protected, and ${destructive.map(({ id }) => id).join(', ')} would change it`,
    { hint: 'Look first: --dry-run. Then say --yes.' },
  );
}

export function scenarioOf({ plan }: Workspace, name: string): Scenario {
  const scenario = plan.scenarios.get(name);
  if (scenario !== undefined) return scenario;
  throw new LifeboatError('plan.unknown_name', `the plan has no scenario ${name}`, {
    hint: `It has: ${[...plan.scenarios.keys()].join(', ') || 'none'}.`,
  });
}

export function onlyEnvironment({ plan }: Workspace): string {
  const lasting = [...plan.environments.values()].filter(({ ephemeral }) => !ephemeral).map(({ name }) => name);
  if (lasting.length === 1 && lasting[0] !== undefined) return lasting[0];
  throw new LifeboatError('input.flag', `the plan has ${lasting.length} environments to recover in`, {
    hint: lasting.length === 0 ? 'Declare one under environments.' : `Name one with --in: ${lasting.join(', ')}.`,
  });
}
