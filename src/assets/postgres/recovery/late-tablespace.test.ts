import { chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startStream,
  startTestCluster,
  take,
  withRecovered,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const places = Array.from({ length: 12 }, (_, index) => `late_${index}`);
const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a tablespace made after the point${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    const asset = () => postgresAsset({ url: cluster.url });

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
    });
    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    it('trap "a tablespace added after the base backup": its replay stays inside the copy, and touches no file of the source', async () => {
      const elsewhere = join(cluster.folder, 'elsewhere');
      const { uid, gid } = await stat(cluster.dataFolder);
      for (const place of places) {
        await mkdir(join(elsewhere, place), { recursive: true });
        await chown(join(elsewhere, place), uid, gid);
      }
      await take(asset(), repository);
      const stream = await startStream(asset(), repository);
      // In a segment of their own: one record that two segments share is refused.
      await cluster.sql('create table first (n int)');
      await cluster.sql('select pg_switch_wal()');
      // So many that some of the records stand on two pages.
      for (const place of places) await cluster.sql(`create tablespace ${place} location '${join(elsewhere, place)}'`);
      await cluster.sql('create table apart tablespace late_0 as select generate_series(1, 1000) as n');
      await stream.until(String((await cluster.sql('select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']));
      await stream.stop();
      const [row] = await cluster.sql(`select pg_relation_filepath('apart') as path`);
      const file = join(cluster.dataFolder, String(row?.['path']));
      await cluster.sql('checkpoint');
      const before = {
        bytes: await readFile(file),
        names: await readdir(elsewhere, { recursive: true }),
        at: (await stat(file)).mtimeMs,
      };
      await withRecovered(
        { asset: asset(), repository, folder: cluster.folder },
        { kind: 'now' },
        async ({ url, path }) => {
          expect(await runSql(url, 'select count(*)::int as n from apart')).toEqual([{ n: 1000 }]);
          const links = await readdir(join(path, 'pg_tblspc'), { withFileTypes: true });
          expect(links.map((entry) => entry.isSymbolicLink())).toEqual(places.map(() => false));
          await runSql(url, 'update apart set n = 0');
          await runSql(url, 'checkpoint');
        },
      );
      expect({
        bytes: await readFile(file),
        names: await readdir(elsewhere, { recursive: true }),
        at: (await stat(file)).mtimeMs,
      }).toEqual(before);
      expect(await cluster.sql('select max(n) as n from apart')).toEqual([{ n: 1000 }]);
    });
  },
);
