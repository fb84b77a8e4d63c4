import { LifeboatError, timeId } from '../core/index.ts';
import { contentHash, type Scenario } from '../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { readHistory, type RunHistory } from './history.ts';
import { holdRun, holdTarget, type Held } from './hold.ts';
import { Order } from './order.ts';
import { refuseUnkept } from './input.ts';
import type { ResumeRequest, RunRequest, RunResult } from './run-types.ts';
import { showRun } from './show.ts';
import { stepper } from './stepper.ts';

/**
 * Runs a procedure to its end, to a question, or to a failure; the same way for the real day and for a drill. Every act stands
 * between two records. A step that goes wrong is in the result; only what keeps the runner itself from working is thrown:
 * `run.held` when another runner acts on the same run or target, `plan.not_executable` when the procedure promises what nothing
 * keeps yet, `journal.*`, `disk.full`.
 */
export async function runProcedure(request: RunRequest): Promise<RunResult> {
  const { tools, scenario, environment, mode, incident } = request;
  const { journal, clock } = tools.workspace;
  const run = request.run ?? timeId(clock.now());
  refuseUnkept(scenario);
  const order = new Order(scenario);
  const held = hold(request, run);
  try {
    journal.append('run.started', startRecord(request), { run });
    return await act({
      run,
      scenario,
      environment,
      mode,
      tools,
      incident,
      order,
      earlier: undefined,
      answer: undefined,
      outputs: new Map(),
      signal: request.signal ?? new AbortController().signal,
      stopped: undefined,
      reason: undefined,
    });
  } finally {
    held.release();
  }
}

/**
 * Goes on with a run whose runner died, that asked a question, or that failed or was cancelled and whose cause is repaired.
 * What is finished is not done again; what was only started is looked at before it is. Works from the snapshot that the run
 * took of its scenario: later changes of the plan do not matter.
 * Throws `run.missing`, `run.not_resumable`, `run.held`.
 */
export async function resumeRun(request: ResumeRequest): Promise<RunResult> {
  const { tools, run, environment } = request;
  const { journal, host } = tools.workspace;
  const held = holdRun(tools.workspace, run);
  try {
    const earlier = readHistory(journal, run);
    const scenario = scenarioToResume(earlier, request);
    const order = new Order(scenario);
    const target = holdTarget(tools.workspace, environment.name, scenario.name);
    try {
      journal.append('run.resumed', { host, pid: process.pid, by: request.answer?.by ?? null }, { run });
      return await act({
        run,
        scenario,
        environment,
        mode: earlier.started.mode,
        tools,
        incident: earlier.started.incident,
        order,
        earlier,
        answer: request.answer,
        outputs: new Map(),
        signal: request.signal ?? new AbortController().signal,
        stopped: undefined,
        reason: undefined,
      });
    } finally {
      target.release();
    }
  } finally {
    held.release();
  }
}

async function act(active: ActiveRun): Promise<RunResult> {
  const { run, scenario, order, tools } = active;
  const { journal } = tools.workspace;
  await order.walk(scenario.steps, stepper(active), { sequential: true });
  const verdict = active.stopped ?? 'done';
  const kind = verdict === 'needs-human' ? 'run.waiting' : 'run.finished';
  journal.append(kind, { verdict, error: active.reason?.toJSON() ?? null }, { run });
  return showRun(journal, run);
}

function hold(request: RunRequest, run: string): Held {
  const { workspace } = request.tools;
  const own = holdRun(workspace, run);
  if (request.mode === 'drill') return own; // a bubble has its own name; nobody else acts in it
  try {
    const target = holdTarget(workspace, request.environment.name, request.scenario.name);
    return {
      release: () => {
        target.release();
        own.release();
      },
    };
  } catch (error) {
    own.release();
    throw error;
  }
}

function startRecord({ tools, scenario, environment, mode, incident }: RunRequest): Record<string, unknown> {
  const { plan, host, tool } = tools.workspace;
  const snapshot = plain(scenario);
  return {
    scenario: scenario.name,
    mode,
    environment: { name: environment.name, protected: environment.protected, folder: environment.folder },
    plan: { name: plan.name, hash: plan.hash },
    scenarioHash: scenario.hash,
    snapshot,
    snapshotHash: contentHash(snapshot),
    incident,
    tool,
    host,
    pid: process.pid,
  };
}

function scenarioToResume(
  { started, ended, run }: RunHistory,
  { tools, environment, answer }: ResumeRequest,
): Scenario {
  if (ended?.verdict === 'done') refuse(`run ${run} is done`, 'Look at it: lifeboat run show ' + run);
  if (started.mode === 'drill') refuse(`run ${run} was a drill; its bubble is gone`, 'Drill again.');
  if (started.environment.name !== environment.name) {
    refuse(`run ${run} acts on ${started.environment.name}, not on ${environment.name}`, 'Name the same environment.');
  }
  if (answer === undefined && ended?.verdict === 'needs-human') {
    refuse(
      `run ${run} waits for an answer`,
      `Find out what happened, then: lifeboat run resume ${run} --done (or --again)`,
    );
  }
  if (contentHash(started.snapshot) === started.snapshotHash) return revived(started.snapshot);
  // A text of the plan happened to equal a secret, and the journal took it out: only the same plan can stand in for it.
  const current = tools.workspace.plan.scenarios.get(started.scenario);
  if (current?.hash === started.scenarioHash) return current;
  return refuse(`the procedure of run ${run} cannot be read back from the journal`, 'Start the procedure again.');
}

function refuse(message: string, hint: string): never {
  throw new LifeboatError('run.not_resumable', message, { hint });
}

/** Plain JSON: what the journal keeps, without keys that hold nothing. JSON knows no maps, and would keep them empty. */
const plain = (scenario: Scenario): Scenario =>
  JSON.parse(JSON.stringify({ ...scenario, parameters: Object.fromEntries(scenario.parameters ?? []) })) as Scenario;

const revived = (snapshot: Scenario): Scenario => ({
  ...snapshot,
  parameters: new Map(Object.entries(snapshot.parameters ?? {})),
});
