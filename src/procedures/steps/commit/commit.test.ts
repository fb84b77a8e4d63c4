import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import type { Scenario, StepDeclaration } from '../../../plan/index.ts';
import { cancelRun, pauseRun, resumeRun, rollbackRun, runProcedure, say, type RunResult } from '../../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { resumeInterrupted } from '../../testing/interrupted.ts';

let bench: Bench;
const contacts = new Map([['lead', { role: 'platform_lead' }]]);
beforeEach(() => {
  bench = makeBench({ plan: { contacts } });
});
afterEach(() => bench.close());

const made = (name: string): string => join(bench.folder, name);
const put = (name: string): StepDeclaration =>
  stepOf(`put_${name}`, 'exec', ['touch', made(name)], {
    undoBy: stepOf('back', 'exec', ['rm', made(name)], {
      verify: [{ kind: 'command', settings: { run: ['test', '!', '-e', made(name)] } }],
    }),
  });
const run = (steps: readonly StepDeclaration[], more: Partial<Scenario> = {}): Promise<RunResult> =>
  runProcedure({
    scenario: { ...scenarioOf(...steps), ...more },
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const back = ({ run: id }: RunResult): Promise<RunResult> =>
  rollbackRun({ run: id, environment: bench.environment, tools: bench.tools });
const isOpen = (): boolean =>
  bench.journal.records({ kinds: ['step.remembered'] }).some(({ data }) => data['step'] === 'commit');
const asks = { after: '1ms', by: ['platform_lead'] };
const speak = ({ run: id }: RunResult, word: 'approve' | 'deny'): unknown =>
  say(bench.workspace, {
    run: id,
    as: 'lead',
    word,
    user: 'account',
    ...(word === 'deny' ? { reason: 'too slow' } : {}),
  });

describe('a commit', () => {
  it('makes final what was done before it, and a rollback takes back only what came after', async () => {
    const done = await run([put('old'), stepOf('commit', 'commit', '1ms'), put('new')]);
    expect(done.verdict).toBe('done');
    const undone = await back(done);
    expect(undone.undoes?.leaves).toContainEqual({ step: 'put_old', why: 'commit made it final' });
    expect([undone.verdict, existsSync(made('old')), existsSync(made('new'))]).toEqual(['done', true, false]);
  });

  it('leaves nothing to take back where nothing came after it, and a rollback says so', async () => {
    const done = await run([put('old'), stepOf('commit', 'commit', '1ms')]);
    await expect(back(done)).rejects.toMatchObject({
      code: 'run.not_resumable',
      message: expect.stringContaining('committed'),
    });
  });

  it('of people asks when its time is over: yes makes it final, no leaves the way back open', async () => {
    const waiting = await run([put('old'), stepOf('commit', 'commit', asks)]);
    expect(waiting).toMatchObject({
      verdict: 'needs-human',
      questions: [{ asks: { word: 'approve', by: ['platform_lead'] } }],
    });
    speak(waiting, 'deny');
    const denied = await resume(waiting);
    expect(denied.steps[1]).toMatchObject({ state: 'failed', code: 'approval.denied' });
    speak(denied, 'approve');
    expect((await resume(denied)).steps[1]).toMatchObject({ state: 'done', outputs: { by: 'lead' } });

    const other = await run([put('new'), stepOf('commit', 'commit', asks)]);
    expect((await back(other)).verdict).toBe('done');
    expect(existsSync(made('new'))).toBe(false);
  });

  it('keeps the way back open for its time, in which the run can be cancelled and taken back', async () => {
    const id = '01kcommitting0000000000000';
    const running = runProcedure({
      run: id,
      scenario: scenarioOf(put('old'), stepOf('commit', 'commit', '10m')),
      environment: bench.environment,
      mode: 'real',
      tools: bench.tools,
      incident: brokeNow(),
    });
    while (!isOpen()) await bench.workspace.clock.sleep(20);
    cancelRun(bench.workspace, { run: id, by: { as: 'lead', user: 'account' } });
    const cancelled = await running;
    expect(cancelled.verdict).toBe('cancelled');
    expect((await back(cancelled)).verdict).toBe('done');
    expect(existsSync(made('old'))).toBe(false);
  });

  it('does not become final when an invariant breaks meanwhile: the way back is open', async () => {
    bench.close();
    bench = makeBench({ clock: fastClock(10) });
    const alive = made('alive');
    writeFileSync(alive, '');
    const invariants = [{ kind: 'file', settings: { path: alive } }];
    const running = run([put('old'), stepOf('commit', 'commit', '60s')], { invariants });
    while (!isOpen()) await systemClock.sleep(5);
    rmSync(alive);
    const stopped = await running;
    expect(stopped).toMatchObject({ verdict: 'needs-human', reason: { code: 'run.breached' } });
    expect(stopped.steps[1]?.state).toBe('interrupted');
    expect([(await back(stopped)).verdict, existsSync(made('old'))]).toEqual(['done', false]);
  });

  it('asks what must stay true as its last act: what broke after the last look keeps it open too', async () => {
    const invariants = [{ kind: 'command', settings: { run: ['test', '!', '-e', made('old')] } }];
    const stopped = await run([put('old'), stepOf('commit', 'commit', '1ms')], { invariants });
    expect(stopped).toMatchObject({ verdict: 'needs-human', reason: { code: 'run.breached' } });
    expect(stopped.steps[1]?.state).not.toBe('done');
    expect([(await back(stopped)).verdict, existsSync(made('old'))]).toEqual(['done', false]);
  });

  it('that its run stopped goes on when that does, for what is left of its time', async () => {
    const id = '01kpausing000000000000000a';
    const running = runProcedure({
      run: id,
      scenario: scenarioOf(stepOf('commit', 'commit', '10m')),
      environment: bench.environment,
      mode: 'real',
      tools: bench.tools,
      incident: brokeNow(),
    });
    while (!isOpen()) await systemClock.sleep(5);
    pauseRun(bench.workspace, { run: id, by: { as: undefined, user: 'account' } });
    const paused = await running;
    expect([paused.verdict, paused.steps[0]?.state]).toEqual(['paused', 'interrupted']);
    const hurried = { ...bench.tools, workspace: { ...bench.workspace, clock: fastClock(1000) } };
    const resumed = await resumeRun({ run: id, environment: bench.environment, tools: hurried });
    expect(resumed.steps[0]).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('stops the clock of the recovery where it begins', async () => {
    const { rto, seconds } = await run([stepOf('wait', 'wait', '100ms'), stepOf('commit', 'commit', '1500ms')]);
    expect(seconds).toBeGreaterThanOrEqual(1.6);
    // Timers and two clocks round; without the window there is nothing between the two.
    expect(seconds * 1000 - rto.totalMs).toBeGreaterThan(1400);
  });

  it('whose runner died waits only for what is left of its time', async () => {
    const now = bench.workspace.clock.now();
    const done = await resumeInterrupted(bench, stepOf('act', 'commit', '10m'), { untilMs: now + 300 });
    expect(done.verdict).toBe('done');
  });

  it('is not exercised in a drill', async () => {
    const result = await runProcedure({
      scenario: scenarioOf(stepOf('commit', 'commit', '10m')),
      environment: { ...bench.environment, ephemeral: true },
      mode: 'drill',
      tools: bench.tools,
      incident: brokeNow(),
    });
    expect(result.steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringContaining('not exercised') });
  });
});
