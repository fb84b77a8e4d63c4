import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../../plan/index.ts';
import { act } from '../../testing/acting.ts';
import { makeBench, stepOf, type Bench } from '../../testing/bench.ts';
import { rememberedBy, resumeInterrupted } from '../../testing/interrupted.ts';
import { startStandInCluster, type StandInCluster } from '../../testing/stand-ins/cluster.ts';
import { execInsideSuite } from './inside.suite.ts';

const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
// Older ones speak another protocol.
const isThere = status === 0 && Number(/v1\.(\d+)/.exec(stdout)?.[1] ?? 0) >= 31;
const skipped = isThere ? '' : ' (skipped: kubectl 1.31 or newer is not installed)';

describe.skipIf(!isThere)(`exec in a pod by kubectl itself, of a cluster that is stood in for${skipped}`, () => {
  let cluster: StandInCluster;
  const kubeconfig = process.env['KUBECONFIG'];
  beforeAll(async () => {
    cluster = await startStandInCluster();
    for (const [name, ready] of Object.entries({ 'web-1': 'False', 'web-2': 'True', 'web-3': 'True' }))
      cluster.objects.set(`shop/pods/${name}`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, labels: { app: 'web' } },
        spec: { nodeName: 'near', containers: [{ name: 'web', image: 'web' }] },
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready }] },
      });
  });
  const isReady = (node: string, is: string): void =>
    void cluster.objects.set(`/nodes/${node}`, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: node, uid: node },
      status: { conditions: [{ type: 'Ready', status: is }] },
    });
  afterAll(() => cluster.close());
  afterEach(() => {
    if (kubeconfig === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = kubeconfig;
  });

  const benchOf = (): Bench => {
    const plan = { clusters: new Map([['main', { context: 'shop-main' }]]) } as unknown as Partial<Plan>;
    const bench = makeBench({ plan });
    const context = { name: 'shop-main', context: { cluster: 'main', user: 'nobody', namespace: 'shop' } };
    const clusters = [{ name: 'main', cluster: { server: cluster.url } }];
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters,
      contexts: [context],
      users: [{ name: 'nobody', user: {} }],
    };
    writeFileSync(join(bench.folder, 'kubeconfig'), JSON.stringify(config));
    process.env['KUBECONFIG'] = join(bench.folder, 'kubeconfig');
    return bench;
  };
  const entered = { name: 'web-2', uid: 'uid-of-web-2', node: 'near' };
  const at = { pod: { selector: 'app=web', cluster: 'main', container: 'web' } };

  execInsideSuite('that is ready', async () => ({
    bench: benchOf(),
    at,
    remembered: { pod: { name: 'web-2', uid: 'uid-of-web-2' } },
    leave: async (mark) => {
      spawn('sh', ['-c', 'sleep 300 & wait'], {
        env: { PATH: process.env['PATH'] ?? '', LIFEBOAT_STEP: mark },
        detached: true,
        stdio: 'ignore',
      });
    },
  }));

  it('that is gone took along what was in it: the step is done again in one that is there', async () => {
    const bench = benchOf();
    const gone = { pod: { name: 'web-0', uid: 'uid-of-web-0' } };
    const done = await resumeInterrupted(
      bench,
      stepOf('act', 'exec', { run: ['true'], repeatable: true, ...at }),
      gone,
    );
    expect(done.steps[0]).toMatchObject({ state: 'done' });
    expect(rememberedBy(bench, 'act')).toEqual({ pod: entered, session: expect.stringMatching(/^\d+$/) });
    bench.close();
  });

  it('that is not listed any more and was on a node that is away may go on there: a person looks', async () => {
    const bench = benchOf();
    const step = stepOf('act', 'exec', { run: ['true'], repeatable: true, ...at });
    const gone = { pod: { name: 'web-0', uid: 'uid-of-web-0', node: 'far' } };
    isReady('far', 'Unknown');
    const doubted = await resumeInterrupted(bench, step, gone);
    expect([doubted.verdict, doubted.steps[0]?.code]).toEqual(['needs-human', 'step.in_doubt']);
    isReady('far', 'True');
    expect((await resumeInterrupted(bench, step, gone)).verdict).toBe('done');
    bench.close();
  });

  it('is one of those that are ready, and which one is written down before it is entered', async () => {
    const bench = benchOf();
    await act(bench, stepOf('act', 'exec', { run: ['true'], ...at }));
    expect(rememberedBy(bench, 'act')).toEqual({ pod: entered, session: expect.stringMatching(/^\d+$/) });
    const none = { run: ['true'], pod: { name: 'web-9', cluster: 'main' } };
    expect((await act(bench, stepOf('act', 'exec', none))).steps[0]).toMatchObject({ code: 'target.unreachable' });
    bench.close();
  });
});
