import { z } from 'zod';
import { cancel, planOfRollback, resume as resumeRun, rollback as rollbackRun } from '../../app/index.ts';
import { LifeboatError, timeId } from '../../core/index.ts';
import { pauseRun, readHistory, skipStep, stepToRetry, type ResumeRequest } from '../../procedures/index.ts';
import {
  acted,
  resume,
  rollback,
  rollbackPlan,
  skip,
  timeId as runId,
  withReason,
  type Acted,
  type Resume,
} from '../contract/index.ts';
import { define } from '../define.ts';
import type { Desk } from '../desk.ts';
import { mustBe, type Caller } from '../security/caller.ts';
import { begin } from '../hands/begin.ts';
import { requesterOf, toolsOf, wordsOf } from './runs-start.ts';

const params = z.object({ run: runId });

/** What is done to a run. */
export function actRoutes(desk: Desk): void {
  const { journal } = desk;
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/resume',
      needs: 'operator',
      about: 'Go on with a run',
      params,
      body: resume,
      answer: acted,
      status: 202,
    },
    async ({ params: { run }, body, caller, about }) => {
      about(`run ${run}`);
      const answer = body.is === undefined ? undefined : { is: body.is, by: `account ${caller.name}`, ...stepIn(body) };
      if (answer === undefined && body.step !== undefined)
        throw new LifeboatError('api.invalid', 'a step needs an answer: is', { where: 'body.is' });
      return goOn(desk, run, body, caller, answer);
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/retry',
      needs: 'operator',
      about: 'Do a step again that failed, and go on',
      params,
      body: resume,
      answer: acted,
      status: 202,
    },
    async ({ params: { run }, body, caller, about }) => {
      about(`run ${run}`);
      const step = stepToRetry(readHistory(journal, run), body.step);
      return goOn(desk, run, body, caller, { step, is: 'again', by: `account ${caller.name}` });
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/skip',
      needs: 'approver',
      about: 'Leave out a step of a run that stopped',
      params,
      body: skip,
      answer: acted,
    },
    ({ params: { run }, body: { step, reason }, caller, about }): Acted => {
      about(`run ${run}, ${step}`);
      skipStep(desk.here(), { run, step, reason, by: requesterOf(caller) });
      return { run, state: 'skipped' };
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/pause',
      needs: 'operator',
      about: 'Let a run begin nothing new',
      params,
      body: withReason,
      answer: acted,
    },
    ({ params: { run }, body, caller, about }): Acted => {
      about(`run ${run}`);
      pauseRun(desk.here(), { run, by: requesterOf(caller), ...reasonIn(body) });
      return { run, state: 'asked' };
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/cancel',
      needs: 'operator',
      about: 'End a run; what was done stays done',
      params,
      body: withReason,
      answer: acted,
    },
    async ({ params: { run }, body, caller, about }) => {
      about(`run ${run}`);
      return { run, state: await cancel(desk.here(), { run, by: requesterOf(caller), ...reasonIn(body) }) };
    },
  );
  define(
    desk,
    {
      method: 'post',
      path: '/runs/{run}/rollback',
      needs: 'approver',
      about: 'Take a run back; without the scenario’s name typed only what would be done is said',
      params,
      body: rollback,
      answer: rollbackPlan,
      status: 202,
    },
    async ({ params: { run }, body, caller, about }) => {
      about(`run ${run}`);
      const { scenario, leaves } = await desk.lend(async (workspace) => planOfRollback(workspace, run));
      const planned = {
        steps: scenario.steps.map(({ id, kind }) => ({ id, kind })),
        leaves: leaves.map((one) => ({ ...one })),
      };
      if (body.typed === undefined) return { run: null, ...planned };
      return { run: await takeBack(desk, run, { ...body, typed: body.typed }, caller), ...planned };
    },
  );
}

/** What only those may say who recover for real: that something is destroyed, or gone on with although it is red. */
async function goOn(
  desk: Desk,
  run: string,
  { despite, confirm = [], alone = false }: Resume,
  caller: Caller,
  answer: ResumeRequest['answer'],
): Promise<{ run: string; state: 'going' }> {
  const { started } = readHistory(desk.journal, run);
  if (despite !== undefined || confirm.length > 0 || alone) mustBe(caller, 'approver');
  const request = {
    run,
    alone,
    confirm,
    ...(despite === undefined ? {} : { despite }),
    ...(answer === undefined ? {} : { answer }),
  };
  const wish = { kind: 'recover', about: `go on with ${started.scenario}`, by: caller.name, run } as const;
  await begin(desk, wish, ['run.resumed'], ({ signal, progress }) =>
    desk.lend(
      async (workspace) =>
        wordsOf(await resumeRun(workspace, { ...request, signal, tools: toolsOf(desk, workspace, run) })),
      progress,
    ),
  );
  return { run, state: 'going' };
}

/** Returns the run that takes it back. */
async function takeBack(
  desk: Desk,
  run: string,
  {
    typed,
    confirm = [],
    alone = false,
  }: { typed: string; confirm?: string[] | undefined; alone?: boolean | undefined },
  caller: Caller,
): Promise<string> {
  const { scenario } = readHistory(desk.journal, run).started;
  if (typed !== scenario) {
    throw new LifeboatError('environment.protected', 'what was typed is not the name of the scenario', {
      hint: `Type ${scenario} to take it back.`,
    });
  }
  const as = timeId(desk.host.clock.now());
  const wish = { kind: 'rollback', about: `take back ${scenario}`, by: caller.name, run: as } as const;
  const request = { run, as, by: requesterOf(caller), alone, confirm };
  await begin(desk, wish, ['run.started'], ({ signal, progress }) =>
    desk.lend(
      async (workspace) =>
        wordsOf(await rollbackRun(workspace, { ...request, signal, tools: toolsOf(desk, workspace, as) })),
      progress,
    ),
  );
  return as;
}

const stepIn = ({ step }: Resume): { step?: string } => (step === undefined ? {} : { step });
const reasonIn = ({ reason }: { reason?: string | undefined }): { reason?: string } =>
  reason === undefined || reason === '' ? {} : { reason };
