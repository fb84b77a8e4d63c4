import { chmod, copyFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentProgress } from '../../../core/index.ts';
import type { PointContents } from '../../entry.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  replayTo,
  runSql,
  startStream,
  startTestCluster,
  take,
  withCopy,
  withRecovered,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(`traps of recovery${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  const asset = () => postgresAsset({ url: cluster.url });

  beforeAll(async () => {
    cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    await cluster.sql('create table marks (n int)');
  });
  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  it('trap "replay needs settings at least as large as the source’s": also those that were raised after the backup', async () => {
    const stream = await startStream(asset(), repository);
    await take(asset(), repository);
    await cluster.restart({ max_connections: '250', max_locks_per_transaction: '256', max_prepared_transactions: '7' });
    await cluster.sql('insert into marks values (1)');
    await expect.poll(() => stream.states.at(-1)?.state, { timeout: 30_000 }).toBe('streaming');
    await stream.until(String((await cluster.sql('select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']));
    await stream.stop();
    await withRecovered({ asset: asset(), repository, folder: cluster.folder }, { kind: 'now' }, async ({ url }) => {
      expect(await runSql(url, 'select n from marks')).toEqual([{ n: 1 }]);
    });
  });

  it('trap "a target older than the backup": is refused, and never replayed to the end instead', async () => {
    const { points } = await repository.points();
    const atMs = (points[0]?.atMs as number) - 1;
    await expect(replayTo(asset(), repository, { kind: 'time', atMs })).rejects.toMatchObject({
      code: 'restore.unreachable_target',
      hint: expect.stringMatching(/^The earliest is/) as string,
    });
  });

  it('trap "files truncated, dropped or grown while they are copied": the copy is what the log says', async () => {
    await cluster.sql('create table dropped as select generate_series(1, 5000) as n');
    await cluster.sql('create table truncated as select generate_series(1, 50000) as n');
    await cluster.sql('create table grown as select generate_series(1, 5000) as n');
    await cluster.sql('checkpoint');
    let isDone = false;
    const taken = await take(asset(), repository, {
      seen: async () => {
        if (isDone) return;
        isDone = true;
        await cluster.sql('drop table dropped');
        await cluster.sql('truncate truncated');
        await cluster.sql('insert into truncated values (7)');
        await cluster.sql('insert into grown select generate_series(5001, 80000)');
        await cluster.sql('checkpoint');
      },
    });
    await withCopy(asset(), taken, cluster.folder, async ({ url }) => {
      expect(await runSql(url, 'select n from truncated')).toEqual([{ n: 7 }]);
      expect(await runSql(url, 'select count(*)::int as n, max(n) as m from grown')).toEqual([
        { n: 80_000, m: 80_000 },
      ]);
      expect(await runSql(url, `select to_regclass('dropped') as is`)).toEqual([{ is: null }]);
    });
  });

  it('trap "not found is not an error": log that is lost while it is replayed ends the copy, and never promotes it', async () => {
    await take(asset(), repository);
    const stream = await startStream(asset(), repository);
    await cluster.sql('create table lost (n int)');
    for (let n = 0; n < 4; n += 1) await cluster.sql(`insert into lost values (${n}); select pg_switch_wal()`);
    await stream.until(String((await cluster.sql('select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']));
    await stream.stop();
    const replay = await replayTo(asset(), repository, { kind: 'now' });
    const { pieces } = await stream.log.list();
    await stream.log.remove(pieces.slice(-3, -1));
    const { contents, facts } = await ofPoint(replay.base);
    const path = join(cluster.folder, 'lost-on-the-way');
    try {
      await asset().apply(contents, path, { progress: silentProgress, replay });
      await expect(asset().start(path, { facts, stay: false, replay })).rejects.toMatchObject({
        code: expect.stringMatching(/^repository\./) as string,
      });
    } finally {
      await replay.close();
    }
    expect((await readdir(join(path, 'pg_wal'))).filter((name) => name.endsWith('.history'))).toEqual([]);
  });

  const ofPoint = async (id: string): Promise<{ contents: PointContents; facts: Record<string, unknown> }> => {
    const point = await repository.point(id);
    return { contents: await repository.contents(point), facts: point.facts.facts };
  };

  it('trap "configuration outside the data folder": a copy starts without any of it', async () => {
    const outside = join(cluster.folder, 'etc');
    for (const name of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf'])
      await readable(join(cluster.dataFolder, name), `${outside}-${name}`);
    await cluster.restart({
      config_file: `${outside}-postgresql.conf`,
      hba_file: `${outside}-pg_hba.conf`,
      ident_file: `${outside}-pg_ident.conf`,
    });
    for (const name of ['postgresql.conf', 'pg_hba.conf', 'pg_ident.conf']) await rm(join(cluster.dataFolder, name));
    const taken = await take(asset(), repository);
    await withCopy(asset(), taken, cluster.folder, async ({ url }) => {
      expect(await runSql(url, 'select n from marks')).toEqual([{ n: 1 }]);
    });
  });
});

/** The server's user reads it, who made the folder need not be that one. */
async function readable(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await chmod(to, 0o644);
}
