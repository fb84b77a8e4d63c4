import { mkdir, readdir, stat, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startTestCluster,
  take,
  withCopy,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

const reason = missing ? 'skipped: PostgreSQL 15 is not installed' : 'on PostgreSQL 15';

describe.skipIf(missing)(`a backup of a server that keeps little log (${reason})`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  let archive: string;

  beforeAll(async () => {
    cluster = await startTestCluster({
      major: 15,
      initdb: ['--wal-segsize=1'],
      settings: { min_wal_size: '2MB', max_wal_size: '2MB', archive_mode: 'on' },
    });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    archive = join(cluster.folder, 'archive');
    await mkdir(archive);
    const { uid, gid } = await stat(cluster.dataFolder);
    await chown(archive, uid, gid);
    // More than the buffers between server and consumer hold, so that the server has to wait in the middle.
    await cluster.sql(`create table filler as select n, repeat('x', 1000) as x from generate_series(1, 60000) as n`);
  });

  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  const slots = (): Promise<Record<string, unknown>[]> => cluster.sql('select slot_name from pg_replication_slots');

  it.each(['files', 'connection'] as const)(
    'brings the log along that the server would have recycled while the backup ran (%s), and leaves no slot behind',
    async (via) => {
      await cluster.sql(`alter system set archive_command = 'true'`);
      await cluster.sql('select pg_reload_conf()');
      let disturbed = false;
      const disturb = async (): Promise<void> => {
        if (disturbed) return;
        disturbed = true;
        for (let round = 0; round < 3; round += 1) {
          await cluster.sql(`drop table if exists noise_${round}`);
          await cluster.sql(`create table noise_${round} as select repeat('y', 1000) from generate_series(1, 4000)`);
          await cluster.sql('select pg_switch_wal()');
          await cluster.sql('checkpoint');
        }
      };
      const asset = postgresAsset({ url: cluster.url, via });
      const taken = await take(asset, repository, { seen: disturb });
      await withCopy(asset, taken, cluster.folder, async ({ url }) => {
        expect(await runSql(url, 'select count(*)::int as n from noise_2')).toEqual([{ n: 4000 }]);
      });
      await expect.poll(slots).toEqual([]);
    },
  );

  it('trap "a restored copy never archives": does not wait for a failing archive, and the copy writes nothing into it', async () => {
    await cluster.sql(`alter system set archive_command = 'false'`);
    await cluster.sql('select pg_reload_conf()');
    const asset = postgresAsset({ url: cluster.url });
    const taken = await take(asset, repository);
    await cluster.sql(`alter system set archive_command = 'cp %p ${archive}/from-%f'`);
    await cluster.sql('select pg_reload_conf()');
    const again = await take(asset, repository);
    await cluster.sql(`alter system set archive_command = 'true'`);
    await cluster.sql('select pg_reload_conf()');
    expect(taken.facts.atMs).toBeLessThanOrEqual(again.facts.atMs);
    await cluster.server.stop();
    const before = await readdir(archive);
    await withCopy(asset, again, cluster.folder, async ({ url }) => {
      await runSql(url, `create table more as select repeat('z', 1000) from generate_series(1, 4000)`);
      await runSql(url, 'select pg_switch_wal()');
      await runSql(url, 'checkpoint');
      expect(await runSql(url, 'show archive_mode')).toEqual([{ archive_mode: 'off' }]);
    });
    expect(await readdir(archive)).toEqual(before);
    await cluster.restart();
  });
});
