import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollbackRun, runProcedure, type RunResult } from '../../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { resumeInterrupted } from '../../testing/interrupted.ts';
import { makeStandIns, type StandIns } from '../../testing/stand-ins/index.ts';

let folder: string;
let tools: StandIns;
let path: string | undefined;
let bench: Bench;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lifeboat-replicas-'));
  tools = makeStandIns(folder);
  path = process.env['PATH'];
  process.env['PATH'] = tools.environment.PATH;
  const production = { name: 'production', cluster: 'main', namespace: 'shop', services: new Map() };
  bench = makeBench({
    clock: fastClock(20),
    plan: {
      clusters: new Map([['main', { context: 'shop-main' }]]),
      environments: new Map([['production', production]]),
    } as never,
  });
  tools.world({ deployments: { web: { replicas: 0, generation: 1, looks: 5 } } });
});
afterEach(() => {
  process.env['PATH'] = path;
  bench.close();
  rmSync(folder, { recursive: true, force: true });
});

const ramp = (check = 'true', more: Record<string, unknown> = {}) =>
  stepOf('act', 'ramp', {
    service: 'shop',
    deployment: 'web',
    replicas: 3,
    over: ['33%', '100%'],
    pause: '1s',
    while: [{ command: { run: ['sh', '-c', check] } }],
    ...more,
  });
const run = (step = ramp(), mode: 'real' | 'drill' = 'real'): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(step),
    environment: { ...bench.environment, ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });
const scaled = (): number[] =>
  tools.calls().flatMap(({ words }) => {
    const patch = words.find((word) => word.startsWith('--patch='));
    return patch === undefined
      ? []
      : [(JSON.parse(patch.slice('--patch='.length)) as { spec: { replicas: number } }).spec.replicas];
  });

describe('a ramp by the replicas of a deployment (a stand-in)', () => {
  it('gives each share its replicas, rounded up, in the cluster that the plan names', async () => {
    const { verdict, steps } = await run();
    expect([verdict, steps[0]?.outputs]).toMatchObject(['done', { share: 100 }]);
    expect(scaled()).toEqual([1, 3]);
    expect(
      tools.calls().every(({ words }) => words.includes('--context=shop-main') && words.includes('--namespace=shop')),
    ).toBe(true);
  });

  it('goes back to how many there were when something is red, and in a rollback', async () => {
    const red = await run(ramp('false'));
    expect(red.steps[0]).toMatchObject({ code: 'ramp.red', summary: expect.stringContaining('it is as before') });
    expect(scaled()).toEqual([1, 0]);
    const done = await run();
    const request = { run: done.run, environment: bench.environment, tools: bench.tools };
    expect((await rollbackRun({ ...request, by: { as: undefined, user: 'operator' } })).verdict).toBe('done');
    expect(scaled().at(-1)).toBe(0);
  });

  it('goes back when replicas never become available, as those of an image that does not start', async () => {
    tools.world({ deployments: { web: { replicas: 0, generation: 1, looks: 5, available: 0 } } });
    const { verdict, steps } = await run(ramp('true', { patience: '20s' }));
    expect([verdict, steps[0]?.code, scaled()]).toEqual(['failed', 'ramp.red', [1, 0]]);
    expect(steps[0]?.summary).toMatch(/at 33 % 0 of 1 replicas are available after 20 s; it is as before/);
  });

  it('told to wait does not go on without them, and asks', async () => {
    tools.world({ deployments: { web: { replicas: 0, generation: 1, looks: 5, available: 0 } } });
    const { questions } = await run(ramp('true', { patience: '20s', red: 'wait' }));
    expect(questions[0]?.question).toContain('held at 33 %, because 0 of 1 replicas are available');
    expect(scaled()).toEqual([1]);
  });

  it('asks again where the cluster does not answer for a moment', async () => {
    tools.world({ deployments: { web: { replicas: 0, generation: 1, looks: 5, silentOnce: true } } });
    expect((await run()).verdict).toBe('done');
  });

  it('does not scale what somebody else has scaled meanwhile', async () => {
    tools.world({ deployments: { web: { replicas: 9, generation: 3, looks: 5 } } });
    const failed = await resumeInterrupted(bench, ramp(), { image: 0, share: 33 });
    expect(failed.steps[0]).toMatchObject({ state: 'failed', code: 'switch.changed' });
    expect(scaled()).toEqual([]);
  });

  it('fails with what the cluster says', async () => {
    tools.world({ deployments: {} });
    expect((await run()).steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('not found') });
    tools.world({ kubectlAway: true });
    expect((await run()).steps[0]).toMatchObject({ state: 'failed', summary: expect.stringContaining('timeout') });
  });

  it('whose runner died goes on at the share it was about to set', async () => {
    tools.world({ deployments: { web: { replicas: 1, generation: 2, looks: 5 } } });
    expect((await resumeInterrupted(bench, ramp(), { image: 0, share: 33 })).verdict).toBe('done');
    expect(scaled()).toEqual([1, 3]);
  });

  it('that does not say how many replicas there are is refused', async () => {
    const { settings } = ramp();
    const { replicas: _, ...without } = settings as Record<string, unknown>;
    const failed = await run(stepOf('act', 'ramp', without));
    expect(failed.steps[0]).toMatchObject({ code: 'plan.invalid', summary: expect.stringContaining('with replicas') });
    expect(tools.calls()).toEqual([]);
  });

  it('in a drill touches no cluster, and the evidence says so', async () => {
    expect((await run(ramp(), 'drill')).steps[0]).toMatchObject({
      state: 'skipped',
      summary: expect.stringContaining('not exercised'),
    });
    expect(tools.calls()).toEqual([]);
  });
});
