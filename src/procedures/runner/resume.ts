import { LifeboatError } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { act } from './act.ts';
import { readHistory, type RunHistory } from '../records/history.ts';
import { mustBeDestructive } from '../before/index.ts';
import { holdRun } from '../targets/hold.ts';
import type { Lease } from '../targets/lease/index.ts';
import { Order } from './order.ts';
import { holdTargets, leaseTargets, placesOf } from '../targets/places.ts';
import type { ResumeRequest, RunResult } from '../run-types.ts';
import { mustNotBeTakenBack, mustStillBeOpen } from '../records/taken-back.ts';
import { procedureOf } from '../records/snapshot.ts';

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
    mustBeDestructive(scenario, request.confirm ?? []);
    const { mode } = earlier.started;
    const places = placesOf(scenario, { tools, environment, mode }, run);
    const targets = [environment, ...places.values()];
    const target = holdTargets(tools.workspace, targets, run);
    let lease: Lease | undefined;
    try {
      lease = await leaseTargets({ ...request, scenario, mode }, targets, run);
      mustStillBeOpen(journal, run, earlier.started.undoes, true);
      const facts = { host, pid: process.pid, by: request.answer?.by ?? null, despite: request.despite ?? null };
      const { sequence: since } = journal.append('run.resumed', facts, { run });
      return await act({
        run,
        since,
        scenario,
        environment,
        mode,
        tools,
        incident: earlier.started.incident,
        requester: earlier.started.by,
        undoes: earlier.started.undoes,
        order,
        earlier,
        answer: request.answer,
        parameters: earlier.started.parameters ?? {},
        places,
        confirmed: new Set(request.confirm),
        despite: request.despite,
        lease,
        signal: request.signal,
      });
    } finally {
      await lease?.release();
      target.release();
    }
  } finally {
    held.release();
  }
}

function scenarioToResume(history: RunHistory, { tools, environment, answer }: ResumeRequest): Scenario {
  const { started, ended, run } = history;
  if (ended?.verdict === 'done') refuse(`run ${run} is done`, `Look at it: lifeboat run show ${run}`);
  if (started.mode === 'drill') refuse(`run ${run} was a drill; its bubble is gone`, 'Drill again.');
  if (started.environment.name !== environment.name) {
    refuse(`run ${run} acts on ${started.environment.name}, not on ${environment.name}`, 'Name the same environment.');
  }
  mustNotBeTakenBack(history, undefined);
  mustNotEvade(history, answer);
  if (answer === undefined && ended?.verdict === 'needs-human' && isInDoubt(history)) {
    refuse(
      `run ${run} waits for an answer`,
      `Find out what happened, then: lifeboat run resume ${run} --done (or --again)`,
    );
  }
  return procedureOf(history, tools.workspace.plan);
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
