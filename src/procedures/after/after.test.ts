import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import {
  cancelRun,
  pauseRun,
  readHistory,
  resumeRun,
  runProcedure,
  showRun,
  skipStep,
  stepToRetry,
  type RunResult,
} from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench({
    plan: {
      contacts: new Map([
        ['lead', { role: 'lead' }],
        ['duty', {}],
      ]),
    },
  });
});
afterEach(() => bench.close());

const by = { as: 'duty', user: 'operator' };
const id = '01kanafterrun0000000000000';
const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    run: id,
    scenario: scenarioOf(...steps),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
    by,
  });
const resume = (): Promise<RunResult> => resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const skip = (step: string, reason = 'not needed today'): RunResult =>
  skipStep(bench.workspace, { run: id, step, reason, by });

describe('skip', () => {
  it('leaves a failed step out, says who and why, and the run goes on behind it', async () => {
    const inside = [stepOf('bad', 'exec', ['false']), stepOf('good', 'exec', ['true'])];
    await run(stepOf('all', 'parallel', {}, { steps: inside }), stepOf('after', 'exec', ['true']));
    skip('bad');
    const done = await resume();
    expect(done.verdict).toBe('done');
    expect(done.steps.map(({ state }) => state)).toEqual(['done', 'skipped', 'done', 'done']);
    expect(done.steps[1]?.summary).toBe('duty skipped it: not needed today');
  });

  it('answers a doubt too, and makes what needs its outputs fail', async () => {
    await run(stepOf('bad', 'exec', ['false']), stepOf('after', 'exec', ['echo', '${steps.bad.stdout}']));
    expect((await resume()).verdict).toBe('needs-human');
    skip('bad');
    expect(await resume()).toMatchObject({
      verdict: 'failed',
      steps: [{ state: 'skipped' }, { code: 'expression.invalid' }],
    });
  });

  it('is refused for consent, for what is done, for a stranger, and without a reason', async () => {
    const consent = stepOf('consent', 'approve', { by: ['lead'] });
    await run(stepOf('first', 'exec', ['true']), consent, stepOf('after', 'exec', ['true']));
    for (const step of ['consent', 'first']) {
      expect(() => skip(step)).toThrow(expect.objectContaining({ code: 'run.not_resumable' }));
    }
    expect(() => skip('nobody')).toThrow(expect.objectContaining({ code: 'input.flag' }));
    expect(() => skip('after', ' ')).toThrow(expect.objectContaining({ code: 'input.flag' }));
    expect(showRun(bench.journal, id).steps[1]?.state).toBe('needs-human');
  });

  it('is refused while a runner acts on the run', async () => {
    const running = run(stepOf('slow', 'exec', ['sleep', '0.5']), stepOf('after', 'exec', ['true']));
    await systemClock.sleep(150);
    expect(() => skip('after')).toThrow(expect.objectContaining({ code: 'run.held' }));
    expect((await running).verdict).toBe('done');
  });
});

describe('cancel', () => {
  it('ends a run that waits, and what comes later never begins', async () => {
    await run(stepOf('hand', 'manual', 'Look'), stepOf('after', 'exec', ['true']));
    expect(cancelRun(bench.workspace, { run: id, by, reason: 'false alarm' })).toBe('cancelled');
    expect(showRun(bench.journal, id).verdict).toBe('cancelled');
    expect(() => cancelRun(bench.workspace, { run: id, by })).toThrow(
      expect.objectContaining({ code: 'run.not_resumable' }),
    );
  });

  it('stops a runner that acts, with the programs that it started', async () => {
    const file = join(bench.folder, 'late');
    const slow = stepOf('slow', 'exec', ['sh', '-c', 'sleep 8; touch "$0"', file]);
    const running = run(slow, stepOf('after', 'exec', ['true']));
    await systemClock.sleep(300);
    expect(cancelRun(bench.workspace, { run: id, by })).toBe('asked');
    const ended = await running;
    expect(ended.verdict).toBe('cancelled');
    expect(ended.steps.map(({ state }) => state)).toEqual(['cancelled', 'pending']);
    expect(existsSync(file)).toBe(false);
  });

  it('asked of an earlier runner does not stop a later one', async () => {
    await run(stepOf('hand', 'manual', 'Look'));
    bench.journal.append('run.cancel_asked', { by, reason: null }, { run: id });
    skip('hand');
    expect((await resume()).verdict).toBe('done');
  });
});

describe('pause', () => {
  it('lets what runs end, begins nothing new, and is gone on with', async () => {
    const running = run(stepOf('slow', 'exec', ['sleep', '1.6']), stepOf('after', 'exec', ['true']));
    await systemClock.sleep(200);
    pauseRun(bench.workspace, { run: id, by, reason: 'look first' });
    const paused = await running;
    expect([paused.verdict, ...paused.steps.map(({ state }) => state)]).toEqual(['paused', 'done', 'pending']);
    expect((await resume()).verdict).toBe('done');
  });

  it('between two tries keeps the next one for later', async () => {
    const flag = join(bench.folder, 'flag');
    const running = run(stepOf('flaky', 'exec', ['test', '-e', flag], { retry: { times: 50, pauseMs: 300 } }));
    await systemClock.sleep(200);
    pauseRun(bench.workspace, { run: id, by });
    const paused = await running;
    expect([paused.verdict, paused.steps[0]?.state]).toEqual(['paused', 'retry']);
    writeFileSync(flag, '');
    expect((await resume()).verdict).toBe('done');
  });

  it('is refused where nobody acts', async () => {
    await run(stepOf('hand', 'manual', 'Look'));
    expect(() => pauseRun(bench.workspace, { run: id, by })).toThrow(
      expect.objectContaining({ code: 'run.not_resumable' }),
    );
  });
});

describe('retry', () => {
  it('names the only step that stands in the way, and does it again without a further question', async () => {
    const flag = join(bench.folder, 'flag');
    await run(stepOf('first', 'exec', ['true']), stepOf('bad', 'exec', ['test', '-e', flag]));
    const step = stepToRetry(readHistory(bench.journal, id), undefined);
    expect(step).toBe('bad');
    writeFileSync(flag, '');
    const { environment, tools } = bench;
    const done = await resumeRun({ run: id, environment, tools, answer: { step, is: 'again', by: 'duty' } });
    expect(done).toMatchObject({ verdict: 'done', steps: [{ attempts: 1 }, { attempts: 2 }] });
    expect(() => stepToRetry(readHistory(bench.journal, id), 'bad')).toThrow(
      expect.objectContaining({ code: 'run.not_resumable' }),
    );
    expect(() => stepToRetry(readHistory(bench.journal, id), 'nobody')).toThrow(
      expect.objectContaining({ code: 'input.flag' }),
    );
  });
});
