import { LifeboatError, timeId } from '../../core/index.ts';
import { contentHash, type Scenario } from '../../plan/index.ts';
import { act } from './act.ts';
import { expandCalls } from '../groups/expand.ts';
import { readHistory } from '../records/history.ts';
import { mustBeDestructive, mustOpen } from '../before/index.ts';
import { holdRun, type Held } from '../targets/hold.ts';
import { refuseUnkept } from '../settings/input.ts';
import type { Lease } from '../targets/lease/index.ts';
import { Order } from './order.ts';
import { parametersOf } from '../settings/parameters.ts';
import { holdTargets, leaseTargets, placesOf } from '../targets/places.ts';
import type { RunRequest, RunResult } from '../run-types.ts';
import { flatSteps } from '../records/show.ts';
import { mustStillBeOpen } from '../records/taken-back.ts';
import type { Environment } from '../step.ts';

/**
 * Runs a procedure to its end, to a question, or to a failure; the same way for the real day and for a drill. Every act stands
 * between two records. A step that goes wrong is in the result; only what keeps the runner itself from working is thrown:
 * `run.held` when another runner acts on the same run or target, `plan.not_executable` when the procedure promises what nothing
 * keeps yet, `journal.*`, `disk.full`.
 */
export async function runProcedure(request: RunRequest): Promise<RunResult> {
  const { tools, environment, mode, incident } = request;
  const scenario = expandCalls(request.scenario, tools.workspace.plan);
  const { journal, clock } = tools.workspace;
  const run = request.run ?? timeId(clock.now());
  refuseUnkept(scenario, tools.checkKinds);
  mustBeDestructive(scenario, request.confirm ?? []);
  if (mode === 'real') mustOpen(scenario, tools.workspace.plan, clock.now());
  mustHaveRequester({ ...request, scenario });
  const parameters = parametersNow({ ...request, scenario });
  const order = new Order(scenario);
  const places = placesOf(scenario, request, run);
  const targets = [environment, ...places.values()];
  const held = hold(request, run, targets);
  let lease: Lease | undefined;
  try {
    lease = await leaseTargets({ ...request, scenario }, targets, run);
    mustStillBeOpen(journal, run, request.undoes, false);
    const { sequence: since } = journal.append(
      'run.started',
      startRecord({ ...request, scenario, parameters, lease }),
      { run },
    );
    return await act({
      run,
      since,
      scenario,
      environment,
      mode,
      tools,
      incident,
      requester: request.by,
      undoes: request.undoes,
      order,
      earlier: undefined,
      answer: undefined,
      parameters,
      places,
      confirmed: new Set(request.confirm),
      despite: undefined,
      lease,
      signal: request.signal,
    });
  } finally {
    await lease?.release();
    held.release();
  }
}

function hold(request: RunRequest, run: string, environments: readonly Environment[]): Held {
  const { workspace } = request.tools;
  const own = holdRun(workspace, run);
  if (request.mode === 'drill') return own; // a bubble has its own name; nobody else acts in it
  try {
    const targets = holdTargets(workspace, environments, run);
    return {
      release: () => {
        targets.release();
        own.release();
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

/** Who approves must be somebody else than who asks for it: so it is known who asks. Throws `input.flag`. */
function mustHaveRequester({ scenario, mode, by, tools }: RunRequest): void {
  const { contacts } = tools.workspace.plan;
  if (by?.as !== undefined && !contacts.has(by.as)) {
    throw new LifeboatError('input.flag', `the plan has no contact ${by.as}`, {
      hint: `It has: ${[...contacts.keys()].join(', ') || 'none'}.`,
    });
  }
  const approval = mode === 'real' ? flatSteps(scenario).find(({ kind }) => kind === 'approve') : undefined;
  if (approval === undefined || by?.as !== undefined) return;
  throw new LifeboatError('input.flag', `${approval.id} asks for consent, and whoever starts the run cannot give it`, {
    hint: 'Say which contact you are: --as NAME on the command line; on the page and over the API an admin gives your account its contact.',
  });
}

/** A drill asks nobody, and a rollback knows what the run was given that it takes back. */
function parametersNow({ scenario, mode, undoes, parameters = {}, tools }: RunRequest): Record<string, unknown> {
  if (undoes !== undefined) return { ...readHistory(tools.workspace.journal, undoes.run).started.parameters };
  return mode === 'drill' ? {} : parametersOf(scenario, parameters);
}

function startRecord({
  tools,
  scenario,
  environment,
  mode,
  incident,
  by,
  undoes,
  engine,
  parameters,
  lease,
}: Omit<RunRequest, 'parameters'> & {
  readonly parameters: Record<string, unknown>;
  readonly lease: Lease | undefined;
}): Record<string, unknown> {
  const { plan, host, tool } = tools.workspace;
  const snapshot = snapshotOf(scenario);
  return {
    scenario: scenario.name,
    mode,
    environment: { name: environment.name, protected: environment.protected, folder: environment.folder },
    plan: { name: plan.name, hash: plan.hash },
    scenarioHash: scenario.hash,
    snapshot,
    snapshotHash: contentHash(snapshot),
    incident,
    ...(by === undefined ? {} : { by }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(undoes === undefined ? {} : { undoes }),
    ...(engine === undefined ? {} : { engine }),
    ...(lease === undefined ? {} : { lease: { stores: lease.stores, without: lease.without } }),
    tool,
    host,
    pid: process.pid,
  };
}

/** Plain JSON: what the journal keeps, without keys that hold nothing. JSON knows no maps, and would keep them empty. */
export const snapshotOf = (scenario: Scenario): Scenario =>
  JSON.parse(JSON.stringify({ ...scenario, parameters: Object.fromEntries(scenario.parameters ?? []) })) as Scenario;
