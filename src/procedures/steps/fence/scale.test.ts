import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollbackRun, runProcedure } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { fastClock } from '../../testing/fast-clock.ts';
import { handsOf, inputOf, resumeInterrupted } from '../../testing/interrupted.ts';
import { makeStandIns, type StandIns } from '../../testing/stand-ins/index.ts';
import type { FenceRecord } from '../../hands/fences/fence.ts';
import { openFences } from '../../hands/fences/open.ts';
import { fenceStep } from './index.ts';

let tools: StandIns;
let path: string | undefined;
let bench: Bench;
beforeEach(() => {
  const production = { name: 'production', cluster: 'main', namespace: 'shop', services: new Map() };
  bench = makeBench({
    clock: fastClock(20),
    plan: {
      services: new Map([['shop', { name: 'shop', pointers: {} }]]),
      clusters: new Map([['main', { context: 'shop-main' }]]),
      environments: new Map([['production', production]]),
    } as never,
  });
  tools = makeStandIns(bench.folder);
  path = process.env['PATH'];
  process.env['PATH'] = tools.environment.PATH;
  tools.world({ deployments: { web: deployment() }, pods: [{ name: 'web-1' }, { name: 'web-2' }] });
});
afterEach(() => {
  process.env['PATH'] = path;
  bench.close();
});

const deployment = (more: Record<string, unknown> = {}) => ({ replicas: 3, generation: 1, looks: 5, ...more });
const settings = { service: 'shop', how: 'scale', deployment: 'web' };
const fence = stepOf('act', 'fence', settings);
const key = 'service:shop by scale';
const scaled = (): number[] =>
  tools.calls().flatMap(({ words }) => {
    const patch = words.find((word) => word.startsWith('--patch='));
    return patch === undefined ? [] : [Number(/"replicas":(\d+)/.exec(patch)?.[1])];
  });

describe('a fence by scaling a workload to zero (kubectl is stood in for)', () => {
  it('is done when no pod of its selector is left, and taken back it has as many as before', async () => {
    const done = await act(bench, fence);
    expect(done.steps[0]).toMatchObject({
      state: 'done',
      outputs: { fenced: [{ what: 'service:shop', how: 'scale', before: { replicas: 3 } }] },
      summary: 'deployment/web in shop-main has no replicas, and no pod of it is left',
    });
    const asked = tools.calls().filter(({ words }) => words[1] === 'pods');
    expect([asked.length > 1, asked.every(({ words }) => words.includes('--selector=app=web'))]).toEqual([true, true]);
    const places = tools.calls().map(({ words }) => words.filter((word) => /^--(context|namespace)=/.test(word)));
    expect(new Set(places.map(String))).toEqual(new Set(['--context=shop-main,--namespace=shop']));
    const { environment } = bench;
    const by = { as: undefined, user: 'operator' };
    const back = await rollbackRun({ run: done.run, environment, tools: bench.tools, by });
    expect([back.verdict, scaled()]).toEqual(['done', [0, 3]]);
  });

  it('is none while a pod is left, also one that is only about to end; a pod that is over counts for nothing', async () => {
    const workspace = { ...bench.workspace, clock: fastClock(200) };
    const hurried = { ...bench, workspace, tools: { ...bench.tools, workspace } };
    tools.world({ pods: [{ name: 'web-1', stays: true }] });
    expect((await act(hurried, { ...fence, timeoutMs: 36_000_000 })).steps[0]).toMatchObject({
      state: 'failed',
      code: 'fence.unproved',
      summary: expect.stringContaining('web-1 still'),
    });
    tools.world({ pods: [{ name: 'web-1', stays: true, phase: 'Failed' }] });
    expect((await act(bench, fence)).steps[0]).toMatchObject({ state: 'done' });
  });

  it('is unknown of a pod that was struck off the list while its node is away: it may run on there', async () => {
    const pods = [
      { name: 'web-1', node: 'near' },
      { name: 'web-2', node: 'far' },
    ];
    tools.world({ pods, nodes: { near: 'True', far: 'Unknown' } });
    const failed = await act(bench, fence);
    expect(failed.steps[0]).toMatchObject({
      state: 'failed',
      code: 'fence.unproved',
      summary: expect.stringMatching(/nobody knows whether they still run: web-2 on far, which is not ready/),
    });
    const before = { [key]: { replicas: 3, pods: pods.map((one) => ({ ...one, uid: `uid-of-${one.name}` })) } };
    const prove = () => fenceStep.prove?.(inputOf(fenceStep, settings, { before }) as never, handsOf(bench), 'done');
    for (const nodes of [{ near: 'True', far: 'False' }, { near: 'True' }]) {
      tools.world({ nodes });
      expect(await prove()).toMatchObject({ state: 'unknown', text: expect.stringContaining('web-2 on far') });
    }
    tools.world({ nodes: { near: 'True', far: 'True' } });
    expect(await prove()).toMatchObject({ state: 'proved' });
    tools.world({ nodesForbidden: true });
    expect(await prove()).toMatchObject({ state: 'unknown', text: expect.stringContaining('forbidden') });
  });

  it('proved once stays proved when the nodes go that its pods had: an empty node is often taken away soon', async () => {
    const pods = [{ name: 'web-1', node: 'near' }];
    tools.world({ pods, nodes: { near: 'True' } });
    const done = await act(bench, fence);
    expect(done.steps[0]).toMatchObject({ state: 'done' });
    tools.world({ nodes: {} });
    const [record] = (done.steps[0]?.outputs['fenced'] ?? []) as FenceRecord[];
    const fences = await openFences(record?.settings ?? {}, handsOf(bench));
    if ('outside' in fences) throw new Error(fences.outside);
    expect(await fences[0]?.prove(record?.before)).toMatchObject({ state: 'proved' });
    expect(await fences[0]?.proveLifted(record?.before)).toMatchObject({ text: expect.stringContaining('3 before') });
  });

  it('says of a pod that cannot end which node it waits for', async () => {
    const workspace = { ...bench.workspace, clock: fastClock(200) };
    const hurried = { ...bench, workspace, tools: { ...bench.tools, workspace } };
    tools.world({ pods: [{ name: 'web-1', node: 'far', stays: true }], nodes: { far: 'Unknown' } });
    expect((await act(hurried, { ...fence, timeoutMs: 36_000_000 })).steps[0]?.summary).toContain(
      'web-1 on far, which is not ready (Unknown), cannot end',
    );
  });

  it('gone on with after a crash is found where it stands, and put up where it does not', async () => {
    const before = { before: { [key]: { replicas: 3 } } };
    expect((await resumeInterrupted(bench, fence, before)).steps[0]).toMatchObject({ state: 'done' });
    expect(scaled()).toEqual([0]);
    const found = await resumeInterrupted(bench, fence, before);
    expect(found.steps[0]).toMatchObject({ outputs: { fenced: [{ before: { replicas: 3 } }] } });
    expect(scaled()).toEqual([0]);
  });

  it('is unknown where the cluster does not answer, and refuted when somebody else scales it again', async () => {
    const input = inputOf(fenceStep, settings, { before: { [key]: { replicas: 3 } } }) as never;
    tools.world({ kubectlAway: true });
    expect(await fenceStep.prove?.(input, handsOf(bench), 'done')).toMatchObject({ state: 'unknown' });
    tools.world({ kubectlAway: false });
    expect(await fenceStep.prove?.(input, handsOf(bench), 'done')).toMatchObject({ state: 'refuted' });
    tools.world({ deployments: { web: deployment({ replicas: 7 }) } });
    await expect(fenceStep.undo?.(input, handsOf(bench))).rejects.toMatchObject({ code: 'switch.changed' });
    expect(scaled()).toEqual([]);
  });

  it('scales nothing of which nobody could tell afterwards whether a pod is left', async () => {
    const selector = { matchExpressions: [{ key: 'app', operator: 'Near', values: ['web'] }] };
    tools.world({ deployments: { web: deployment({ selector }) } });
    expect((await act(bench, fence)).steps[0]).toMatchObject({ state: 'failed', code: 'target.unreadable' });
    expect(scaled()).toEqual([]);
  });

  it('in a drill scales nothing, for the cluster is outside the bubble', async () => {
    const environment = { ...bench.environment, ephemeral: true };
    const drilled = { scenario: scenarioOf(fence), tools: bench.tools, mode: 'drill', incident: brokeNow() } as const;
    expect((await runProcedure({ ...drilled, environment })).steps[0]).toMatchObject({ state: 'skipped' });
    expect(tools.calls()).toEqual([]);
  });
});
