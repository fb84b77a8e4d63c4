import { mkdir } from 'node:fs/promises';
import { isLifeboatError, LifeboatError, timeId } from '../core/index.ts';
import { elsewhereBy, type Heard } from '../engine/index.ts';
import type { Workspace } from '../operations/index.ts';
import type { Scenario } from '../plan/index.ts';
import {
  cancelRun,
  expandCalls,
  flatSteps,
  planRollback,
  readHistory,
  resumeRun,
  rollbackRun,
  snapshotOf,
  type CancelRequest,
  type EngineOfRun,
  type Requester,
  type Rollback,
  type RollbackRequest,
  type ResumeRequest,
  type RunnerTools,
  type RunResult,
} from '../procedures/index.ts';
import { engineFor, engineOfRun, type ChosenEngine, type EngineName } from './engine.ts';
import { lastingEnvironment } from './environment.ts';
import { registry } from './registry.ts';
import { runnerTools } from './tools.ts';

export interface RecoverRequest {
  /** Its id, made by who must know it before it begins (`timeId`). */
  readonly run?: string;
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
  /** What keeps it going; default: this process and the journal. */
  readonly engine?: EngineName;
  /** Names of destructive steps that a person typed: they may act. */
  readonly confirm?: readonly string[];
  readonly signal?: AbortSignal;
  readonly tools?: RunnerTools;
}

/**
 * Runs the procedure of a scenario for real, and waits for its end. Where a distributed engine keeps it going, only the waiting stops with this process.
 * Throws `plan.unknown_name`, `engine.*` and what `runProcedure` throws.
 */
export async function recover(workspace: Workspace, request: RecoverRequest): Promise<RunResult> {
  const scenario = scenarioOf(workspace, request.scenario);
  const run = request.run ?? timeId(workspace.clock.now());
  const environment = lastingEnvironment(workspace, request.environment ?? onlyEnvironment(workspace), run);
  const declaredMs = workspace.clock.now();
  const impactMs = request.impactMs ?? declaredMs;
  const chosen = engineFor(workspace, request.engine ?? 'embedded', request);
  await chosen.engine.start({
    run,
    site: chosen.site,
    scenario: snapshotOf(scenario),
    planHash: workspace.plan.hash,
    environment: environment.name,
    incident: { impactMs, declaredMs, lastGoodMs: request.lastGoodMs ?? impactMs },
    alone: request.alone ?? false,
    parameters: request.parameters ?? {},
    confirm: request.confirm ?? [],
    ...(request.by === undefined ? {} : { by: request.by }),
  });
  return endOf(chosen, run, undefined, request.signal);
}

export interface GoOnRequest extends Omit<ResumeRequest, 'environment' | 'tools'> {
  readonly tools?: RunnerTools;
  /** In this process, although an engine keeps the run: it is gone, or cannot be reached. */
  readonly here?: boolean;
}

/** Goes on with a real run that stopped, where it is kept. Throws `engine.*` and what `resumeRun` throws. */
export async function resume(
  workspace: Workspace,
  { here = false, tools, ...request }: GoOnRequest,
): Promise<RunResult> {
  const { run, answer, despite, alone, confirm, signal } = request;
  const { started } = readHistory(workspace.journal, run);
  if (started.engine !== undefined && !here) {
    const engine = engineOfRun(workspace, started.engine);
    const { site } = started.engine;
    const word = {
      kind: 'resume',
      ...(answer === undefined ? {} : { answer }),
      ...(despite === undefined ? {} : { despite }),
      ...(alone === undefined ? {} : { alone }),
      ...(confirm === undefined ? {} : { confirm }),
    } as const;
    const heard = await engine.signal({ run, site }, word);
    return endOf({ engine, site, outlivesUs: true }, run, heard, signal);
  }
  const environment = lastingEnvironment(workspace, started.environment.name, run);
  return resumeRun({ ...request, environment, tools: tools ?? runnerTools(workspace) });
}

/** Ends a run, where it is kept. Throws what `cancelRun` throws. */
export async function cancel(workspace: Workspace, request: CancelRequest): Promise<'cancelled' | 'asked'> {
  const { run, by, reason } = request;
  const { engine } = readHistory(workspace.journal, run).started;
  if (engine === undefined) return cancelRun(workspace, request);
  try {
    await engineOfRun(workspace, engine).cancel({ run, site: engine.site }, by, reason);
  } catch (error) {
    if (!isLifeboatError(error, 'engine.unreachable')) throw error;
    // The journal decides: when the engine is back, its worker finds the run cancelled there.
    workspace.progress.note(error.message);
    return cancelRun(workspace, request);
  }
  return readHistory(workspace.journal, run).ended?.verdict === 'cancelled' ? 'cancelled' : 'asked';
}

async function endOf(
  { engine, site, outlivesUs }: ChosenEngine,
  run: string,
  heard: Heard | undefined,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  // A run that is kept by this process ends with it, and says so itself.
  if (!outlivesUs) return engine.result({ run, site }, heard);
  try {
    return await engine.result({ run, site }, heard, signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    throw new LifeboatError(
      'operation.cancelled',
      `nobody waits here for run ${run} any more; it goes on, led by ${site}`,
      {
        hint: `On a machine of ${site}: lifeboat run show ${run}, lifeboat run cancel ${run}.`,
        cause: error,
      },
    );
  }
}

/** What a rollback of the run would do; changes nothing. Throws what `planRollback` throws. */
export function planOfRollback(workspace: Workspace, run: string, here = false): Rollback {
  const tools = runnerTools(workspace);
  const { engine } = readHistory(workspace.journal, run).started;
  if (engine === undefined || here) return planRollback(tools, run);
  const { at, site } = engine;
  return planRollback({ ...tools, elsewhere: elsewhereBy({ at, site, clock: workspace.clock }) }, run);
}

export interface TakeBackRequest extends Pick<RollbackRequest, 'run' | 'by' | 'alone' | 'confirm' | 'signal'> {
  readonly as?: string;
  readonly tools?: RunnerTools;
  /** In this process, although an engine kept the run: what other sites did is then given to people. */
  readonly here?: boolean;
}

/** Takes back what a real run did, where that was kept. Throws `engine.*` and what `rollbackRun` throws. */
export async function rollback(
  workspace: Workspace,
  { here = false, ...request }: TakeBackRequest,
): Promise<RunResult> {
  const { started } = readHistory(workspace.journal, request.run);
  const as = request.as ?? timeId(workspace.clock.now());
  if (started.engine !== undefined && !here) return rollbackThere(workspace, { ...request, as }, started);
  const environment = lastingEnvironment(workspace, started.environment.name, as);
  await mkdir(environment.folder, { recursive: true, mode: 0o711 });
  return rollbackRun({ ...request, as, environment, tools: request.tools ?? runnerTools(workspace) });
}

/** The site that led the run makes the way back of its own records, and has each site take back what that did. */
async function rollbackThere(
  workspace: Workspace,
  { run, as, by, alone = false, confirm = [], signal }: TakeBackRequest & { readonly as: string },
  { engine: kept, environment, incident }: ReturnType<typeof readHistory>['started'],
): Promise<RunResult> {
  const { scenario } = planOfRollback(workspace, run);
  const { site } = kept as EngineOfRun;
  const engine = engineOfRun(workspace, kept as EngineOfRun);
  await engine.start({
    run: as,
    undoes: run,
    site,
    scenario: snapshotOf(scenario),
    planHash: workspace.plan.hash,
    environment: environment.name,
    incident,
    alone,
    confirm,
    ...(by === undefined ? {} : { by }),
  });
  return endOf({ engine, site, outlivesUs: true }, as, undefined, signal);
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
  if (yes) return;
  const environment = plan.environments.has(where) ? where : readHistory(journal, where).started.environment.name;
  const changing = flatSteps(expandCalls(scenario, plan)).filter(
    (step) =>
      plan.environments.get(step.in ?? environment)?.protected === true &&
      registry.steps.find(({ kind }) => kind === step.kind)?.destructive !== false,
  );
  if (changing.length === 0) return;
  const names = [...new Set(changing.map((step) => step.in ?? environment))];
  throw new LifeboatError(
    'environment.protected',
    `${names.join(' and ')} is protected, and ${changing.map(({ id }) => id).join(', ')} would change it`,
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
