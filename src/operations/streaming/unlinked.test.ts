import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace } from '../../app/index.ts';
import { silentProgress } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { installedMajors, startTestCluster } from '../../testing/postgres/index.ts';
import { stream, type StreamLine } from '../index.ts';
import { changed, makeStore } from '../testing/workspace.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, policy: p, domain: here } }
policies: { p: { to: [near], stream: { to: [near], every: 1s }, keep: { daily: 90d, pitr: 7d } } }
`;
const missing = !(await installedMajors()).includes(15);
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 100 });

it.skipIf(missing)(
  `a log that no recovery point leads to yet is no protection: what could be lost is not known, with the reason, until the point is there${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const settings = { max_slot_wal_keep_size: '256MB' };
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const planFile = join(cluster.folder, 'lifeboat.yaml');
      await writeFile(planFile, plan);
      await makeStore(join(cluster.folder, 'near'));
      const gate = Promise.withResolvers<void>();
      const wrapStore = (store: Store): Store =>
        changed(store, {
          put: async (name, ...words) => {
            if (name.startsWith('points/')) await gate.promise;
            return store.put(name, ...words);
          },
        });
      const stateFolder = join(cluster.folder, 'state');
      const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress, wrapStore });
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
      try {
        const streaming = () => lines.flatMap((line) => (line.state === 'streaming' ? [line] : []));
        await soon(() => streaming().filter(({ stores }) => stores[0]?.durable !== undefined).length).toBeGreaterThan(
          1,
        );
        for (const line of streaming()) {
          expect(line.stores[0]).not.toHaveProperty('completeToMs');
          expect(line.reason).toBe('no recovery point is there yet');
        }
        gate.resolve();
        await soon(() => streaming().at(-1)?.stores[0]?.completeToMs).toBeGreaterThan(0);
        expect(streaming().at(-1)).not.toHaveProperty('reason');
      } finally {
        gate.resolve();
        ending.abort();
        await done;
        await workspace.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);
