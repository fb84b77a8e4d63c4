import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../../core/index.ts';
import type { Repository } from '../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startTestCluster,
  take,
  withCopy,
  type TestCluster,
} from '../../testing/postgres/index.ts';
import { serverUser } from './server/index.ts';

const installed = await installedMajors();
const lacks = (major: number): boolean => !installed.includes(major);
const here = (major: number): string => (lacks(major) ? ` (skipped: no PostgreSQL ${major} here)` : '');

describe.skipIf(lacks(15))(`traps of a base backup${here(15)}`, () => {
  let cluster: TestCluster;
  let repository: Repository;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    await cluster.sql('create table marks as select generate_series(1, 5000) as n');
  });
  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  describe.each(['files', 'connection'] as const)('read through its %s', (via) => {
    const asset = () => postgresAsset({ url: cluster.url, via });

    it('trap "backup_label": is in the point as the server wrote it, and stands in the copy when that starts', async () => {
      const taken = await take(asset(), repository);
      const target = join(cluster.folder, `label-${via}`);
      await taken.apply(target);
      const label = await readFile(join(target, 'backup_label'), 'utf8');
      expect(label).toContain(`START WAL LOCATION: ${String(taken.facts.facts['startLsn'])} (file `);
      expect(label).toMatch(/\nBACKUP FROM: primary\nSTART TIME: .*\nLABEL: lifeboat\nSTART TIMELINE: 1\n$/);
    });

    it('trap "on disconnect the backup aborts": a session that is cut off in the middle leaves no point', async () => {
      const before = (await repository.points()).points.length;
      const cut = `select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'lifeboat' and (backend_type = 'walsender' or query like '%pg_backup_start%')`;
      let isCut = false;
      const taking = take(asset(), repository, {
        seen: async ({ path }) => {
          if (isCut || path !== 'global') return;
          isCut = true;
          await cluster.sql(cut);
        },
      });
      await expect(taking).rejects.toMatchObject({ code: 'asset.vanished' });
      expect((await repository.points()).points).toHaveLength(before);
    });
  });

  it('trap "data_checksums off to on": a point taken after it is whole, whatever the point before it knew of the pages', async () => {
    const program = (words: readonly string[]): Promise<unknown> => asServer(cluster, 'pg_checksums', words);
    const asset = postgresAsset({ url: cluster.url });
    await cluster.server.stop();
    await program(['--disable']);
    await cluster.restart();
    const without = await take(asset, repository);
    expect(without.facts).toMatchObject({ facts: { pageChecksums: false }, warnings: [/keeps no checksums/] });
    await cluster.server.stop();
    await program(['--enable']);
    await cluster.restart();
    const after = await take(asset, repository, { previous: without.point });
    expect(after.facts).toMatchObject({ facts: { pageChecksums: true }, warnings: [] });
    await withCopy(asset, after, cluster.folder, async ({ url }) => {
      expect(await runSql(url, 'show data_checksums')).toEqual([{ data_checksums: 'on' }]);
      expect(await runSql(url, 'select sum(n)::int as n from marks')).toEqual([{ n: 12_502_500 }]);
      const pages = await asset.check({ url }, [{ kind: 'pages', settings: 'all' }]);
      expect(pages.filter(({ ok }) => !ok)).toEqual([]);
    });
  });
});

/** A program of the server's own version, on its stopped data directory, as its user. */
async function asServer({ programs, dataFolder }: TestCluster, name: string, words: readonly string[]): Promise<void> {
  const user = await serverUser();
  await mustSucceed([join(programs.folder, name), ...words, '--no-sync', '-D', dataFolder], {
    cwd: '/',
    ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
  });
}

describe.skipIf(lacks(17))(`traps of PostgreSQL 17${here(17)}`, () => {
  let cluster: TestCluster;
  let repository: Repository;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: 17, settings: { summarize_wal: 'on' } });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
  });
  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  it('trap "losing one link loses all later ones": a point needs no summaries of the log, and no point before it', async () => {
    await cluster.sql('create table marks as select generate_series(1, 5000) as n');
    const asset = postgresAsset({ url: cluster.url });
    const first = await take(asset, repository);
    await cluster.sql('update marks set n = n + 1 where n <= 10');
    await cluster.sql('checkpoint');
    await expect
      .poll(() => readdir(join(cluster.dataFolder, 'pg_wal', 'summaries')), { timeout: 30_000 })
      .not.toEqual([]);
    const second = await take(asset, repository, { previous: first.point });
    expect(second.paths.filter((path) => /summaries\/.|backup_manifest/.test(path))).toEqual([]);
    await repository.forget(first.point.id);
    await withCopy(asset, second, cluster.folder, async ({ url }) => {
      expect(await runSql(url, 'select sum(n)::int as n from marks')).toEqual([{ n: 12_502_510 }]);
    });
  });
});
