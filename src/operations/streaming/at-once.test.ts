import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace } from '../../app/index.ts';
import { silentProgress } from '../../core/index.ts';
import { installedMajors, startTestCluster } from '../../testing/postgres/index.ts';
import { listPoints, restore, stream, verify, type StreamLine } from '../index.ts';
import { makeStore } from '../testing/workspace.ts';

const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {}, there: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores:
  near: { type: fs, path: ./near, domain: here }
  far: { type: fs, path: ./far, domain: there }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, policy: p, domain: here } }
policies: { p: { to: [near, far], stream: { to: [near, far], every: 1s }, keep: { daily: 90d, pitr: 7d } } }
`;
const missing = !(await installedMajors()).includes(15);
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 60_000, interval: 100 });

it.skipIf(missing)(
  `a stream into two stores without a point takes one in each at the same time, and each is whole and restores with the log beside it${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const planFile = join(cluster.folder, 'lifeboat.yaml');
      await writeFile(planFile, plan);
      for (const store of ['near', 'far']) await makeStore(join(cluster.folder, store));
      await cluster.sql(`create table marks as select n, repeat('x', 200) as filler from generate_series(1, 50000) n`);
      const stateFolder = join(cluster.folder, 'state');
      const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
      done.catch(() => {}); // looked at below
      try {
        await soon(() => lines.at(-1)?.stores.flatMap((one) => ('completeToMs' in one ? [one.store] : []))).toEqual([
          'near',
          'far',
        ]);
        await cluster.sql('insert into marks values (50001)');
      } finally {
        ending.abort();
        await done;
      }
      const order = workspace.journal.records({ kinds: ['backup.started', 'backup.finished'] }).map(({ kind }) => kind);
      expect(order).toEqual(['backup.started', 'backup.started', 'backup.finished', 'backup.finished']);
      const { points } = await listPoints(workspace, 'orders');
      expect(points.flatMap(({ stores }) => stores).toSorted()).toEqual(['far', 'near']);
      const { results } = await verify(workspace, { assets: [], everything: true });
      expect(results.map(({ ok }) => ok)).toEqual([true, true]);
      for (const store of ['near', 'far']) {
        const target = join(cluster.folder, `back from ${store}`);
        const { checks } = await restore(workspace, { asset: 'orders', target, store, start: false, stay: false });
        expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      }
      await workspace.close();
    } finally {
      await cluster.destroy();
    }
  },
);
