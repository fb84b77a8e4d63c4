import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openWorkspace, type OpenWorkspace } from '../../app/index.ts';
import type { RecoveryTarget } from '../../assets/index.ts';
import { silentProgress, type Clock, systemClock } from '../../core/index.ts';
import { installedMajors, replayTo, startStream, startTestCluster } from '../../testing/postgres/index.ts';
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

it.skipIf(missing)(
  `a prune takes the log that no moment of the window needs, and none of the rest${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
  async () => {
    const cluster = await startTestCluster({
      major: 15,
      initdb: ['--wal-segsize=1'],
      settings: { max_slot_wal_keep_size: '256MB' },
    });
    try {
      process.env['LB_TEST_PASS'] = 'a passphrase for tests';
      process.env['LB_TEST_URL'] = cluster.url;
      await writeFile(join(cluster.folder, 'lifeboat.yaml'), plan);
      await makeStore(join(cluster.folder, 'near'));
      await withClock(cluster.folder, systemClock, async (workspace) => {
        const repository = await workspace.repository('near');
        const asset = workspace.asset('orders');
        const stream = await startStream(asset, repository);
        const write = async (): Promise<number> => {
          await cluster.sql(`create table noise as select repeat('x', 900) from generate_series(1, 3000)`);
          await cluster.sql('drop table noise');
          const rows = await cluster.sql(
            `select pg_current_wal_flush_lsn()::text as lsn, ceil(extract(epoch from clock_timestamp()) * 1000)::text as ms`,
          );
          await stream.until(String(rows[0]?.['lsn']));
          return Number(rows[0]?.['ms']);
        };
        const reaches = (target: RecoveryTarget) => replayTo(asset, repository, target);
        const count = async (): Promise<number> => (await stream.log.list()).pieces.length;
        await write();
        await backup(workspace, 'orders');
        const between = await write();
        await backup(workspace, 'orders');
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
      });
    } finally {
      await cluster.destroy();
    }
  },
);

const held = {
  id: '01k0000000000000000000000a',
  kind: 'legal',
  asset: 'orders',
  reason: 'a lawsuit',
  by: 'somebody',
} as const;

async function withClock(
  folder: string,
  clock: Clock,
  work: (workspace: OpenWorkspace) => Promise<void>,
): Promise<void> {
  const place = { planFile: join(folder, 'lifeboat.yaml'), stateFolder: join(folder, 'state') };
  const workspace = await openWorkspace({ ...place, progress: silentProgress, clock });
  try {
    await work(workspace);
  } finally {
    await workspace.close();
  }
}
