import { mkdir, readFile, readdir, stat, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Repository } from '../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startLoad,
  startTestCluster,
  take,
  withCopy,
  type TestCluster,
} from '../../testing/postgres/index.ts';

const installed = await installedMajors();

/** What every supported version must do: each in a real server, with a real repository between source and copy. */
export function describeRoundTrip(major: number): void {
  describe.each(['files', 'connection'] as const)(`PostgreSQL ${major}, read through its %s`, (via) => {
    promisesOf(major, via);
  });
}

function promisesOf(major: number, via: 'files' | 'connection'): void {
  const missing = !installed.includes(major);
  let cluster: TestCluster;
  let repository: Repository;

  beforeAll(async () => {
    if (missing) return;
    cluster = await startTestCluster({ major });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
  });

  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  it('comes back under load with everything that was acknowledged before the moment of the point', async ({ skip }) => {
    skip(missing, `the server programs of PostgreSQL ${major} are not on this machine`);
    const asset = postgresAsset({
      url: cluster.url,
      via,
      measure: { rows: 'select count(*) from load', newest: 'select now()' },
    });
    const load = await startLoad(cluster.url);
    const taken = await take(asset, repository);
    const acknowledged = await load.stop();
    const { atMs, newest } = taken.facts;
    const before = acknowledged.filter(({ acknowledgedMs }) => acknowledgedMs < atMs);
    expect(before.length).toBeGreaterThan(0);
    await withCopy(asset, taken, cluster.folder, async ({ url, reached, shownUrl }) => {
      const ids = new Set((await runSql(url, 'select id from load')).map(({ id }) => id));
      expect(before.filter(({ id }) => !ids.has(id))).toEqual([]);
      expect(ids.size).toBeGreaterThanOrEqual(newest?.count as number);
      expect(reached?.lsn).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
      // Without any log, too: what is written there is another life than that of the source.
      expect(reached?.timeline).toBe(2);
      expect(shownUrl).not.toContain('sec');
      const results = await asset.check({ url }, [
        { kind: 'sql', settings: 'select count(*) from load', expect: 'value > 0' },
        { kind: 'sql', settings: 'select 1', expect: 'value == 2' },
        { kind: 'sql', settings: 'select nonsense' },
      ]);
      expect(results.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
      expect(await asset.newest({ url })).toMatchObject({ count: ids.size });
      // It is open for writing and apart: what is written there stays there.
      await runSql(url, 'create table only_in_the_copy ()');
    });
    expect(await cluster.sql(`select 1 from pg_class where relname = 'only_in_the_copy'`)).toEqual([]);
  });

  it('trap "tablespaces": comes back inside its own folder, and can be backed up and restored from there again', async ({
    skip,
  }) => {
    skip(missing, `the server programs of PostgreSQL ${major} are not on this machine`);
    const elsewhere = join(cluster.folder, 'elsewhere');
    await mkdir(elsewhere);
    const { uid, gid } = await stat(cluster.dataFolder);
    await chown(elsewhere, uid, gid);
    await cluster.sql(`create tablespace fast location '${elsewhere}'`);
    await cluster.sql('create table apart tablespace fast as select generate_series(1, 1000) as n');
    const asset = postgresAsset({ url: cluster.url, via });
    const taken = await take(asset, repository);
    const [sourceFolder] = await readdir(elsewhere);
    const pathOf = `select pg_relation_filepath('apart') as path`;
    const [file] = await cluster.sql(pathOf);
    const untouched = await stat(join(elsewhere, sourceFolder as string));
    await withCopy(asset, taken, cluster.folder, async ({ url, path }) => {
      expect(await runSql(url, 'select count(*)::int as n from apart')).toEqual([{ n: 1000 }]);
      await runSql(url, 'update apart set n = 0');
      await runSql(url, 'checkpoint');
      const links = await readdir(join(path, 'pg_tblspc'), { withFileTypes: true });
      expect(links.map((entry) => entry.isSymbolicLink())).toEqual([false]);
      const copied = postgresAsset({ url, via });
      const again = await take(copied, repository);
      await withCopy(copied, again, cluster.folder, async (second) => {
        expect(await runSql(second.url, 'select max(n) as n, count(*)::int as rows from apart')).toEqual([
          { n: 0, rows: 1000 },
        ]);
      });
    });
    expect(await cluster.sql(pathOf)).toEqual([file]);
    expect((await stat(join(elsewhere, sourceFolder as string))).mtimeMs).toBe(untouched.mtimeMs);
    expect(await cluster.sql('select max(n) as n from apart')).toEqual([{ n: 1000 }]);
    await cluster.sql('drop table apart');
    await cluster.sql('drop tablespace fast');
  });

  it('trap "unlogged relations, throw-away folders and files": leaves them out and starts without them', async ({
    skip,
  }) => {
    skip(missing, `the server programs of PostgreSQL ${major} are not on this machine`);
    await cluster.sql('create unlogged table scratch as select generate_series(1, 50000) as n');
    await cluster.sql('create table kept as select 1 as n');
    await cluster.sql(`select pg_create_physical_replication_slot('left_behind', true)`);
    const [{ path: scratch } = { path: '' }] = await cluster.sql(`select pg_relation_filepath('scratch') as path`);
    const asset = postgresAsset({ url: cluster.url, via });
    const taken = await take(asset, repository);
    await cluster.sql(`select pg_drop_replication_slot('left_behind')`);
    expect(taken.paths).toContain(`${String(scratch)}_init`);
    expect(taken.paths).not.toContain(scratch);
    const unwanted = /postmaster\.|pg_replslot\/|pg_stat_tmp\/|pg_notify\/|pgsql_tmp|pg_internal\.init/;
    expect(taken.paths.filter((path) => unwanted.test(path))).toEqual([]);
    expect(taken.paths).toEqual(
      expect.arrayContaining(['', 'pg_replslot', 'pg_dynshmem', 'pg_notify', 'backup_label']),
    );
    // Both ways to read a server must come to the same.
    const other = await take(
      postgresAsset({ url: cluster.url, via: via === 'files' ? 'connection' : 'files' }),
      repository,
    );
    const lasting = ({ paths }: { paths: readonly string[] }): string[] =>
      paths
        .filter((path) => !/^pg_wal\/[0-9A-F]{24}$|\.done$|\/pg_internal|^lifeboat|^tablespace_map$/.test(path))
        .toSorted();
    expect(lasting(other)).toEqual(lasting(taken));
    await withCopy(asset, taken, cluster.folder, async ({ url, path }) => {
      expect(await runSql(url, 'select count(*)::int as n from scratch')).toEqual([{ n: 0 }]);
      expect(await runSql(url, 'select n from kept')).toEqual([{ n: 1 }]);
      expect(await runSql(url, 'select * from pg_replication_slots')).toEqual([]);
      // Read by the server as it came, then kept under another name: it was used, not deleted.
      expect(await readFile(join(path, 'backup_label.old'), 'utf8')).toContain('LABEL: lifeboat');
    });
    await cluster.sql('drop table scratch, kept');
  });
}
