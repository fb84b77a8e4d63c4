import { LifeboatError, timeId } from '../core/index.ts';
import { contentHash, type Scenario } from '../plan/index.ts';
import type { ActiveRun } from './active-run.ts';
import { watchForCancel } from './after/cancel.ts';
import { readHistory, type RunHistory } from './history.ts';
import { expandCalls } from './groups/expand.ts';
import { holdRun, holdTarget, type Held } from './hold.ts';
import { Order } from './order.ts';
import { refuseUnkept } from './input.ts';
import { flatSteps } from './show.ts';
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
  const { tools, environment, mode, incident } = request;
  const scenario = expandCalls(request.scenario, tools.workspace.plan);
  const { journal, clock } = tools.workspace;
  const run = request.run ?? timeId(clock.now());
  refuseUnkept(scenario, tools.workspace.plan);
  mustHaveRequester({ ...request, scenario });
  const order = new Order(scenario);
  const held = hold(request, run);
  try {
    const { sequence } = journal.append('run.started', startRecord({ ...request, scenario }), { run });
    return await act(sequence, {
      run,
      scenario,
      environment,
      mode,
      tools,
      incident,
      requester: request.by,
      order,
      earlier: undefined,
      answer: undefined,
      outputs: new Map(),
      scopes: new Map(),
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
      const facts = { host, pid: process.pid, by: request.answer?.by ?? null };
      const { sequence } = journal.append('run.resumed', facts, { run });
      return await act(sequence, {
        run,
        scenario,
        environment,
        mode: earlier.started.mode,
        tools,
        incident: earlier.started.incident,
        requester: earlier.started.by,
        order,
        earlier,
        answer: request.answer,
        outputs: new Map(),
        scopes: new Map(),
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

async function act(since: number, given: ActiveRun): Promise<RunResult> {
  const { run, scenario, order, tools } = given;
  const { journal } = tools.workspace;
  const watch = watchForCancel(tools.workspace, run, since, given.signal);
  const active = { ...given, signal: watch.signal };
  try {
    await order.walk(scenario.steps, stepper(active), { sequential: true });
  } finally {
    await watch.end();
  }
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
    hint: 'Say which contact you are: --as NAME.',
  });
}

function startRecord({ tools, scenario, environment, mode, incident, by }: RunRequest): Record<string, unknown> {
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
    ...(by === undefined ? {} : { by }),
    tool,
    host,
    pid: process.pid,
  };
}

function scenarioToResume(history: RunHistory, { tools, environment, answer }: ResumeRequest): Scenario {
  const { started, ended, run } = history;
  if (ended?.verdict === 'done') refuse(`run ${run} is done`, 'Look at it: lifeboat run show ' + run);
  if (started.mode === 'drill') refuse(`run ${run} was a drill; its bubble is gone`, 'Drill again.');
  if (started.environment.name !== environment.name) {
    refuse(`run ${run} acts on ${started.environment.name}, not on ${environment.name}`, 'Name the same environment.');
  }
  mustNotEvade(history, answer);
  if (answer === undefined && ended?.verdict === 'needs-human' && isInDoubt(history)) {
    refuse(
      `run ${run} waits for an answer`,
      `Find out what happened, then: lifeboat run resume ${run} --done (or --again)`,
    );
  }
  if (contentHash(started.snapshot) === started.snapshotHash) return revived(started.snapshot);
  // A text of the plan happened to equal a secret, and the journal took it out: only the same plan can stand in for it.
  const current = tools.workspace.plan.scenarios.get(started.scenario);
  if (current?.hash === started.scenarioHash) return expandCalls(current, tools.workspace.plan);
  return refuse(`the procedure of run ${run} cannot be read back from the journal`, 'Start the procedure again.');
}

/** A step in doubt, of which a person says what happened to it. */
const isInDoubt = ({ steps }: RunHistory): boolean => {
  const waiting = [...steps.values()].filter(({ state }) => state === 'needs-human');
  return waiting.some(({ asked }) => asked === undefined);
};

/** Consent is given by those who may give it, not by whoever goes on with the run. */
function mustNotEvade({ steps, run }: RunHistory, answer: ResumeRequest['answer']): void {
  const step = answer?.step === undefined ? undefined : steps.get(answer.step);
  if (step?.state !== 'needs-human' || step.asked === undefined) return;
  const { word } = step.asked;
  refuse(`${answer?.step} waits for people to ${word}`, `lifeboat run ${word} ${run} --step ${answer?.step} --as NAME`);
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
