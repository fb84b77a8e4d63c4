import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import { silentProgress, systemClock, type Clock } from '../../core/index.ts';
import { joinRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import { installedMajors, startTestCluster } from '../../testing/postgres/index.ts';
import { stream, type StreamLine } from '../index.ts';
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
policies: { p: { to: [near], copy: { to: [far], within: 10m }, stream: { to: [near, far], every: 1s }, keep: { daily: 90d, pitr: 7d } } }
`;
const missing = !(await installedMajors()).includes(15);
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 100 });

it.skipIf(missing)(
  `a store that is away when a stream starts is said on each line, holds up no other, and is opened when it is back${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const settings = { max_slot_wal_keep_size: '256MB' };
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const { folder } = cluster;
      const planFile = join(folder, 'lifeboat.yaml');
      await writeFile(planFile, plan);
      await makeStore(join(folder, 'near'));
      await joinRepository(
        await openFsStore(join(folder, 'near'), false),
        await openFsStore(join(folder, 'far'), true),
      );
      await rename(join(folder, 'far'), join(folder, 'unplugged'));
      const stateFolder = join(folder, 'state');
      const opened = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
      // The copy of the point is tried again after a minute and more: half a second here.
      let skippedMs = 0;
      const clock: Clock = {
        ...systemClock,
        elapsed: () => systemClock.elapsed() + skippedMs,
        sleep: async (ms, signal) => {
          await systemClock.sleep(500, signal);
          skippedMs += ms;
        },
      };
      const workspace = { ...opened, clock };
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
      try {
        const far = () => lines.findLast(({ state }) => state === 'streaming')?.stores[1];
        const near = () => lines.findLast(({ state }) => state === 'streaming')?.stores[0];
        await soon(far).toMatchObject({ store: 'far', isBehind: true, failure: expect.stringMatching(/./) });
        await soon(() => near()?.completeToMs).toBeGreaterThan(0);
        expect(near()).not.toHaveProperty('failure');
        await rename(join(folder, 'unplugged'), join(folder, 'far'));
        await soon(() => far()?.isBehind ?? false).toBe(false);
        await soon(() => far()?.completeToMs).toBeGreaterThan(0);
      } finally {
        ending.abort();
        await done;
        await opened.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `a store that nobody has made yet is said on each line, and keeps the log from no other${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const { folder } = cluster;
      const planFile = join(folder, 'lifeboat.yaml');
      await writeFile(planFile, plan.replace('copy: { to: [far], within: 10m }, ', ''));
      await makeStore(join(folder, 'near'));
      await openFsStore(join(folder, 'far'), true);
      const stateFolder = join(folder, 'state');
      const workspace = await openWorkspace({ planFile, stateFolder, progress: silentProgress });
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
      done.catch(() => {}); // looked at below
      try {
        await soon(() => lines.findLast(({ state }) => state === 'streaming')?.stores).toMatchObject([
          { store: 'near', completeToMs: expect.any(Number) },
          { store: 'far', isBehind: true, failure: expect.stringMatching(/no repository/) },
        ]);
      } finally {
        ending.abort();
        await done;
        await workspace.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `a store that comes back is told of a life that people went back from while the stream went on without it${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const { folder } = cluster;
      const planFile = join(folder, 'lifeboat.yaml');
      await writeFile(planFile, plan.replace('to: [near], copy: { to: [far], within: 10m }', 'to: [near, far]'));
      for (const store of ['near', 'far']) await makeStore(join(folder, store));
      const open = (): Promise<OpenWorkspace> =>
        openWorkspace({ planFile, stateFolder: join(folder, 'state'), progress: silentProgress });
      const before = await open();
      const source = String(await before.asset('orders').log?.source());
      const farLog = async (workspace: OpenWorkspace) => (await workspace.repository('far')).log('orders', source);
      await (await farLog(before)).appendHistory(9, '1\t0/1000000\tbefore a mistake\n');
      await before.close();
      await rename(join(folder, 'far'), join(folder, 'unplugged'));
      const workspace = await open();
      const lines: StreamLine[] = [];
      const ending = new AbortController();
      const done = stream(workspace, { assets: [], say: (line) => void lines.push(line), signal: ending.signal });
      try {
        const far = () => lines.findLast(({ state }) => state === 'streaming')?.stores[1];
        await soon(far).toMatchObject({ store: 'far', isBehind: true });
        const endings = [{ timeline: 9, position: 'ff' }];
        workspace.journal.append('inplace.went_back', { asset: 'orders', source, endings, to: [] });
        await rename(join(folder, 'unplugged'), join(folder, 'far'));
        await soon(() => far()?.isBehind ?? false).toBe(false);
        expect((await (await farLog(workspace)).list()).endings).toEqual([{ timeline: 9, position: 255n }]);
      } finally {
        ending.abort();
        await done;
        await workspace.close();
      }
    } finally {
      await cluster.destroy();
    }
  },
);
