import { mkdir } from 'node:fs/promises';
import { LifeboatError, timeId } from '../core/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { Scenario } from '../plan/index.ts';
import {
  readHistory,
  resumeRun,
  runProcedure,
  type Requester,
  type ResumeRequest,
  type RunnerTools,
  type RunResult,
} from '../procedures/index.ts';
import { lastingEnvironment } from './environment.ts';
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
