import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { act } from '../../testing/acting.ts';
import { makeBench, stepOf, type Bench } from '../../testing/bench.ts';
import { handsOf, inputOf } from '../../testing/interrupted.ts';
import { startStandInCluster, type StandInCluster } from '../../testing/stand-ins/cluster.ts';
import { fenceStep } from './index.ts';

const isThere = spawnSync('kubectl', ['version', '--client']).status === 0;
const skipped = isThere ? '' : ' (skipped: kubectl is not installed)';

describe.skipIf(!isThere)(`a fence by scaling, by kubectl itself, in a cluster that is stood in for${skipped}`, () => {
  let cluster: StandInCluster;
  let bench: Bench;
  const kubeconfig = process.env['KUBECONFIG'];
  const settings = { service: 'web', how: 'scale', cluster: 'main', namespace: 'shop' };
  const put = (resource: string, kind: string, name: string, more: Record<string, unknown>): void => {
    const metadata = { name, namespace: 'shop', uid: name, generation: 1, labels: { app: name.split('-')[0] } };
    cluster.objects.set(`shop/${resource}/${name}`, { kind, metadata, ...more });
  };
  beforeEach(async () => {
    cluster = await startStandInCluster();
    put('deployments', 'Deployment', 'web', {
      apiVersion: 'apps/v1',
      spec: { replicas: 2, selector: { matchLabels: { app: 'web' } } },
    });
    put('pods', 'Pod', 'db-1', { apiVersion: 'v1', status: { phase: 'Running' } });
    const plan = {
      services: new Map([['web', { name: 'web', pointers: {} }]]),
      clusters: new Map([['main', { context: 'shop-main' }]]),
    };
    bench = makeBench({ plan: plan as never });
    const file = join(bench.folder, 'kubeconfig');
    const contexts = [{ name: 'shop-main', context: { cluster: 'main', user: 'nobody' } }];
    const clusters = [{ name: 'main', cluster: { server: cluster.url } }];
    const users = [{ name: 'nobody', user: {} }];
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters, contexts, users }));
    process.env['KUBECONFIG'] = file;
  });
  afterEach(async () => {
    if (kubeconfig === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = kubeconfig;
    bench.close();
    await cluster.close();
  });

  it('sees whether a pod of its selector is left, and not those of others', async () => {
    const done = await act(bench, stepOf('act', 'fence', settings));
    expect(done.steps[0]).toMatchObject({ state: 'done' });
    expect(cluster.changes).toEqual(['PATCH shop/deployments/web']);
    put('pods', 'Pod', 'web-1', { apiVersion: 'v1', status: { phase: 'Running' } });
    const before = { 'service:web by scale': { replicas: 2 } };
    const input = inputOf(fenceStep, settings, { before }) as never;
    const again = await fenceStep.prove?.(input, handsOf(bench), 'done');
    expect(again).toMatchObject({ state: 'refuted', text: expect.stringContaining('web-1') });
    await fenceStep.undo?.(input, handsOf(bench));
    expect(await fenceStep.prove?.(input, handsOf(bench), 'undone')).toMatchObject({ state: 'proved' });
  });
});
