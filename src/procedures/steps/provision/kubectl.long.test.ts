import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../plan/index.ts';
import { describeProcedure } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { startStandInCluster, type StandInCluster } from '../../testing/stand-ins/cluster.ts';

const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
// Older ones judge files by a description of the API that the stand-in has not.
const isThere = status === 0 && Number(/v1\.(\d+)/.exec(stdout)?.[1] ?? 0) >= 28;
const skipped = isThere ? '' : ' (skipped: kubectl 1.28 or newer is not installed)';

const web = (replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec: { replicas: ${replicas}, template: { metadata: { labels: { app: web } } } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { color: blue }
`;

describe.skipIf(!isThere)(`provision by kubectl itself, of a cluster that is stood in for${skipped}`, () => {
  let cluster: StandInCluster;
  let bench: Bench;
  beforeEach(async () => {
    cluster = await startStandInCluster();
    bench = makeBench({
      plan: { clusters: new Map([['main', { context: 'shop-main' }]]) } as unknown as Partial<Plan>,
    });
    write('web.yaml', web(2));
    const context = { name: 'shop-main', context: { cluster: 'main', user: 'nobody' } };
    const clusters = [{ name: 'main', cluster: { server: cluster.url } }];
    const users = [{ name: 'nobody', user: {} }];
    write('kubeconfig', JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters, contexts: [context], users }));
  });
  afterEach(async () => {
    await cluster.close();
    bench.close();
  });

  const write = (name: string, text: string): void => writeFileSync(join(bench.folder, name), text);
  const step = (more: Record<string, unknown> = {}) =>
    stepOf('act', 'provision', {
      what: 'the shop',
      by: 'kubectl',
      cluster: 'main',
      namespace: 'shop',
      files: 'web.yaml',
      env: { KUBECONFIG: join(bench.folder, 'kubeconfig') },
      ...more,
    });
  const told = async () => {
    const { environment, tools } = bench;
    return (await describeProcedure({ scenario: scenarioOf(step()), environment, tools, incident: brokeNow() }))[0]
      ?.text;
  };

  it(
    'makes what the files say, and is done when it is ready; what is there is left alone',
    { timeout: 30_000 },
    async () => {
      expect(await told()).toContain('makes or changes Deployment.shop.web, ConfigMap.shop.settings');
      expect(cluster.changes).toEqual([]);
      const first = await act(bench, step());
      expect(first.steps[0]).toMatchObject({
        state: 'done',
        outputs: { objects: ['Deployment/web', 'ConfigMap/settings'] },
      });
      const before = cluster.changes.length;
      expect((await act(bench, step())).steps[0]?.summary).toContain('it was there');
      expect(cluster.changes).toHaveLength(before);

      write('web.yaml', web(3));
      expect(await told()).toContain('makes or changes Deployment.shop.web');
      expect((await act(bench, step())).steps[0]?.state).toBe('done');
      expect(cluster.changes.at(-1)).toBe('PATCH shop/deployments/web');
    },
  );

  it('applies the overlay of an environment', { timeout: 30_000 }, async () => {
    write('kustomization.yaml', 'resources: [web.yaml]\nnamePrefix: dr-\n');
    const { steps } = await act(bench, step({ by: 'kustomize', folder: '.', files: undefined }));
    expect(steps[0]).toMatchObject({ state: 'done' });
    expect([...cluster.objects.keys()]).toContain('shop/deployments/dr-web');
  });

  it('says in the words of the tool that the cluster is away', { timeout: 30_000 }, async () => {
    await cluster.close();
    expect(await told()).toContain('shop-main cannot say now');
    expect((await act(bench, step())).steps[0]).toMatchObject({
      state: 'failed',
      summary: expect.stringContaining('refused'),
    });
    cluster = await startStandInCluster();
  });
});
