import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startLoad,
  startStream,
  startTestCluster,
  take,
  withRecovered,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

for (const [how, mayWait] of [
  ['beside all else', false],
  ['alone, in the thread that receives', true],
] as const)
  it.skipIf(missing)(
    `mode sync, ${how}: a primary killed under eight writers, and its data directory deleted, has lost no acknowledged commit${missing ? ' (skipped: no PostgreSQL 15)' : ''}`,
    async () => {
      const cluster = await startTestCluster({
        major: 15,
        initdb: ['--wal-segsize=1'],
        settings: { max_slot_wal_keep_size: '64MB' },
      });
      try {
        const repository = await makeTestRepository(join(cluster.folder, 'store'));
        const asset = postgresAsset({ url: cluster.url });
        const stream = await startStream(asset, repository, { everyMs: 0, mayWait });
        await take(asset, repository);
        await cluster.sql(`alter system set synchronous_standby_names = 'lifeboat_orders'`);
        await cluster.sql('select pg_reload_conf()');
        await expect
          .poll(async () => (await cluster.sql('select sync_state from pg_stat_replication'))[0]?.['sync_state'], {
            timeout: 30_000,
          })
          .toBe('sync');
        const load = await startLoad(cluster.url, 8);
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        // Between two segments there is none for a moment.
        const grows = async () => (await stream.log.list()).pieces.some(({ growing }) => growing !== undefined);
        await expect.poll(grows).toBe(true);
        await cluster.server.kill();
        await rm(cluster.dataFolder, { recursive: true, force: true });
        const acknowledged = await load.stop().catch(() => []);
        await stream.stop();
        expect((await stream.log.list()).pieces.filter(({ growing }) => growing !== undefined)).toEqual([]);
        expect(acknowledged.length).toBeGreaterThan(50);
        const place = { asset, repository, folder: cluster.folder };
        await withRecovered(place, { kind: 'now' }, async ({ url }) => {
          const ids = new Set((await runSql(url, 'select id from load')).map(({ id }) => id));
          expect(acknowledged.filter(({ id }) => !ids.has(id))).toEqual([]);
        });
        await repository.close();
      } finally {
        await cluster.destroy();
      }
    },
  );
