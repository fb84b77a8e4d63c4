import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import type { Asset, LogReader, RecoveryTarget } from '../../assets/index.ts';
import { silentProgress, type Clock, systemClock } from '../../core/index.ts';
import { joinRepository, type Repository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import {
  installedMajors,
  postgresAsset,
  replayTo,
  runSql,
  startStream,
  startTestCluster,
  withRecovered,
  type TestCluster,
  type TestStream,
} from '../../testing/postgres/index.ts';
import { backup, prune, type PruneRequest } from '../index.ts';
import { TurnedClock } from '../testing/aged.ts';
import { makeStore } from '../testing/workspace.ts';

const dayMs = 86_400_000;
const request: PruneRequest = { store: 'near', dryRun: false, keepPoints: false, evict: [], anyway: false };
const plan = `
lifeboat: 1
plan: tests
domains: { safe: {}, here: {} }
keys: { main: { passphrase: { env: LB_TEST_PASS }, domain: safe } }
stores: { near: { type: fs, path: ./near, domain: here } }
assets: { orders: { type: postgres, url: { env: LB_TEST_URL }, policy: p, domain: here } }
policies: { p: { to: [near], stream: { to: [near] }, keep: { daily: 90d, pitr: 7d } } }
`;
const missing = !(await installedMajors()).includes(15);

/** A plan of the server with its store, in the server's folder. */
async function planFor({ folder, url }: TestCluster, text: string): Promise<void> {
  process.env['LB_TEST_PASS'] = 'a passphrase for tests';
  process.env['LB_TEST_URL'] = url;
  await writeFile(join(folder, 'lifeboat.yaml'), text);
  await makeStore(join(folder, 'near'));
}

it.skipIf(missing)(
  `a prune takes the log that no moment of the window needs, and none of the rest${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({
      major: 15,
      initdb: ['--wal-segsize=1'],
      settings: { max_slot_wal_keep_size: '256MB' },
    });
    try {
      await planFor(cluster, plan);
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const repository = await workspace.repository('near');
        const asset = workspace.asset('orders');
        const stream = await startStream(asset, repository);
        const write = (): Promise<number> => writeNoise(cluster.url, stream);
        const reaches = (target: RecoveryTarget) => replayTo(asset, repository, target);
        const count = async (): Promise<number> => (await stream.log.list()).pieces.length;
        await write();
        await backup(workspace, 'orders');
        const between = await write();
        await backup(workspace, 'orders');
        const [last] = await runSql(
          cluster.url,
          `select pg_current_xact_id()::text as id, pg_create_restore_point('kept') as at`,
        );
        await write();
        await stream.stop();

        // Both points are younger than the window: what is before the older one goes, and no more.
        const whole = await count();
        const dry = await prune(workspace, { ...request, dryRun: true });
        expect([dry.logs, await count()]).toMatchObject([[{ asset: 'orders', objects: expect.any(Number) }], whole]);
        const first = await prune(workspace, request);
        expect(first.logs).toEqual(dry.logs);
        expect(await count()).toBe(whole - (first.logs[0]?.objects as number));
        await reaches({ kind: 'time', atMs: between });
        await reaches({ kind: 'now' });
        expect((await prune(workspace, request)).logs).toEqual([]);

        // A hold on the asset keeps every moment, however old.
        const [hold, clock] = [{ ...held, createdMs: Date.now() }, new TurnedClock(new Date().toISOString())];
        clock.nowMs += 30 * dayMs;
        await repository.hold(hold);
        const kept = await count();
        await withClock(cluster.folder, clock, async (later) => {
          expect((await prune(later, request)).logs).toMatchObject([{ objects: 0, stays: 'it is held: a lawsuit' }]);
          expect(await count()).toBe(kept);
          await repository.release(hold.id);
          expect((await prune(later, request)).logs[0]?.objects).toBeGreaterThan(0);
        });
        await reaches({ kind: 'now' });
        await expect(reaches({ kind: 'time', atMs: between })).rejects.toMatchObject({ code: 'log.gap' });
        // The older point is still there, and the log behind it is not: what stands behind the newer one is found as before.
        await reaches({ kind: 'name', text: 'kept' });
        await reaches({ kind: 'transaction', text: String(last?.['id']) });
      });
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `a prune keeps what the life that goes on needs, when the newest point before the window stands in one that was left${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      await planFor(cluster, plan.replace('daily: 90d, ', ''));
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const repository = await workspace.repository('near');
        const asset = workspace.asset('orders');
        const old = await startStream(asset, repository);
        await writeNoise(cluster.url, old);
        const first = (await backup(workspace, 'orders'))[0]?.point.id;
        const backMs = await writeNoise(cluster.url, old);
        await writeNoise(cluster.url, old);
        const left = (await backup(workspace, 'orders'))[0]?.point;
        await writeNoise(cluster.url, old);
        await old.stop();
        const place = { asset, repository, folder: cluster.folder };
        const wantedMs = await withRecovered(place, { kind: 'time', atMs: backMs }, async ({ url }) => {
          const promoted = await startStream(postgresAsset({ url }), repository);
          const atMs = await writeNoise(url, promoted);
          await writeNoise(url, promoted);
          await promoted.stop();
          return atMs;
        });
        const target = { kind: 'time', atMs: wantedMs } as const;
        expect((await replayTo(asset, repository, target)).base).toBe(first);
        const pieces = async (): Promise<number> => (await (await logOf(asset, repository)).list()).pieces.length;
        const before = await pieces();

        const clock = new TurnedClock(new Date((left?.atMs ?? 0) + 7 * dayMs + 1).toISOString());
        await withClock(cluster.folder, clock, async (later) => void (await prune(later, request)));
        expect((await replayTo(asset, repository, target)).base).toBe(first);
        expect(await pieces()).toBeLessThan(before);
      });
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `a prune counts on no point that a restore could not begin at: one that is damaged in the store, or is only in another one${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      const twoStores = plan
        .replace('near: {', 'far: { type: fs, path: ./far, domain: safe }, near: {')
        .replace(
          'stream: { to: [near] }, keep: { daily: 90d,',
          'copy: { to: [far] }, stream: { to: [near, far] }, keep: {',
        );
      await writeFile(join(cluster.folder, 'lifeboat.yaml'), twoStores);
      await makeStore(join(cluster.folder, 'near'));
      const farStore = await openFsStore(join(cluster.folder, 'far'), true);
      await joinRepository(await openFsStore(join(cluster.folder, 'near'), false), farStore);
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const [near, far] = [await workspace.repository('near'), await workspace.repository('far')];
        const asset = workspace.asset('orders');
        const farLog = far.log('orders', (await asset.log?.source()) ?? '');
        const also = [{ store: 'far', log: farLog, everyMs: 100 }];
        const stream = await startStream(asset, near, { also });
        const write = (): Promise<number> => writeNoise(cluster.url, stream);
        await write();
        const first = (await backup(workspace, 'orders'))[0]?.point.id;
        await write();
        const second = (await backup(workspace, 'orders'))[0]?.point;
        const wantedMs = await write();
        await write();
        await stream.stop();
        await far.forget(second?.id ?? '');
        const damage = [{ kind: 'chunk', object: 'x', what: 'is gone', points: [second?.id] }];
        workspace.journal.append('verify.finished', { store: 'near', ok: false, sound: [first], damage });

        const clock = new TurnedClock(new Date((second?.atMs ?? 0) + 7 * dayMs + 1).toISOString());
        await withClock(cluster.folder, clock, async (later) => {
          for (const store of ['near', 'far']) {
            const [pruned] = (await prune(later, { ...request, store })).logs;
            expect([store, pruned?.objects]).toEqual([store, expect.any(Number)]);
          }
        });
        await near.forget(second?.id ?? '');
        const target = { kind: 'time', atMs: wantedMs } as const;
        const begun = await Promise.allSettled([near, far].map((repository) => replayTo(asset, repository, target)));
        expect(begun).toMatchObject([{ value: { base: first } }, { value: { base: first } }]);
      });
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `the log stays for a window that is counted by the calendar, as its points do: four years have a day more than four times 365${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      await planFor(cluster, plan.replace('daily: 90d, pitr: 7d', 'pitr: 4y'));
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const repository = await workspace.repository('near');
        const asset = workspace.asset('orders');
        const stream = await startStream(asset, repository);
        const write = (): Promise<number> => writeNoise(cluster.url, stream);
        await write();
        const first = (await backup(workspace, 'orders'))[0]?.point.id;
        const wantedMs = await write();
        await write();
        await backup(workspace, 'orders');
        await write();
        await stream.stop();

        const now = new Date(wantedMs - 1);
        now.setUTCFullYear(now.getUTCFullYear() + 4);
        await withClock(cluster.folder, new TurnedClock(now.toISOString()), async (later) => {
          expect((await prune(later, request)).logs).toMatchObject([{ objects: expect.any(Number) }]);
        });
        expect((await replayTo(asset, repository, { kind: 'time', atMs: wantedMs })).base).toBe(first);
      });
    } finally {
      await cluster.destroy();
    }
  },
);

it.skipIf(missing)(
  `a store that the stream was taken away from lets its log go with the window, also behind a failover whose history never came there${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    try {
      const twoStores = plan.replace('near: {', 'far: { type: fs, path: ./far, domain: safe }, near: {');
      await planFor(cluster, twoStores.replace('p: { to: [near]', 'p: { to: [near, far]').replace('daily: 90d, ', ''));
      await makeStore(join(cluster.folder, 'far'));
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const [near, far] = [await workspace.repository('near'), await workspace.repository('far')];
        const asset = workspace.asset('orders');
        const farLog = far.log('orders', (await asset.log?.source()) ?? '');
        const old = await startStream(asset, near, { also: [{ store: 'far', log: farLog, everyMs: 100 }] });
        await writeNoise(cluster.url, old);
        await backup(workspace, 'orders');
        await writeNoise(cluster.url, old);
        await old.stop();
        const place = { asset, repository: near, folder: cluster.folder };
        const newestMs = await withRecovered(place, { kind: 'now' }, async ({ url }) => {
          const promoted = await startStream(postgresAsset({ url }), near);
          await writeNoise(url, promoted);
          process.env['LB_TEST_URL'] = url;
          const taken = await withClock(cluster.folder, systemClock, (again) => backup(again, 'orders'));
          await promoted.stop();
          return Math.max(...taken.map(({ point }) => point.atMs));
        });
        expect((await farLog.list()).pieces).not.toEqual([]);

        const clock = new TurnedClock(new Date(newestMs + 7 * dayMs + 1).toISOString());
        const prunedFar = { ...request, store: 'far' };
        const { logs } = await withClock(cluster.folder, clock, (later) => prune(later, prunedFar));
        expect(logs[0]).not.toHaveProperty('stays');
        expect((await farLog.list()).pieces).toEqual([]);
        await replayTo(asset, near, { kind: 'now' });
      });
    } finally {
      await cluster.destroy();
    }
  },
);

/** Some segments of log, in the store; the moment behind them. */
async function writeNoise(url: string, stream: TestStream): Promise<number> {
  await runSql(url, `create table noise as select repeat('x', 900) from generate_series(1, 3000)`);
  await runSql(url, 'drop table noise');
  const rows = await runSql(
    url,
    `select pg_current_wal_flush_lsn()::text as lsn, ceil(extract(epoch from clock_timestamp()) * 1000)::text as ms`,
  );
  await stream.until(String(rows[0]?.['lsn']));
  return Number(rows[0]?.['ms']);
}

const logOf = async (asset: Asset, repository: Repository): Promise<LogReader> =>
  repository.log(asset.name, (await asset.log?.source()) ?? '');

const held = {
  id: '01k0000000000000000000000a',
  kind: 'legal',
  asset: 'orders',
  reason: 'a lawsuit',
  by: 'somebody',
} as const;

async function withClock<T>(folder: string, clock: Clock, work: (workspace: OpenWorkspace) => Promise<T>): Promise<T> {
  const place = { planFile: join(folder, 'lifeboat.yaml'), stateFolder: join(folder, 'state') };
  const workspace = await openWorkspace({ ...place, progress: silentProgress, clock });
  try {
    return await work(workspace);
  } finally {
    await workspace.close();
  }
}
