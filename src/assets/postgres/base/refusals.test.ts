import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LifeboatError, silentProgress } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  startTestCluster,
  take,
  type TestCluster,
} from '../../../testing/postgres/index.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const [major] = await installedMajors();
const reason = major === undefined ? 'no PostgreSQL server programs are on this machine' : undefined;

/** What a capture ends with, as plain data. */
async function refusalOf(url: string): Promise<Record<string, unknown>> {
  const capture = postgresAsset({ url }).capture({
    readSoFar: async () => {},
    progress: silentProgress,
    scratch: '/nonexistent',
  });
  try {
    await capture.next();
  } catch (error) {
    if (error instanceof LifeboatError) return error.toJSON();
    throw error;
  } finally {
    await capture.return(undefined as never);
  }
  throw new Error('it was not refused');
}

describe.skipIf(major === undefined)(`a PostgreSQL source${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let repository: Repository;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number, settings: { allow_in_place_tablespaces: 'on' } });
    await cluster.sql(`create role reader login password 'reading';
      create role keeper login replication password 'keeping'`);
    repository = await makeTestRepository(join(cluster.folder, 'store'));
  });

  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  const backupSessions = async (): Promise<unknown> =>
    (await cluster.sql(`select count(*)::int as n from pg_stat_activity where backend_type = 'walsender'`))[0]?.['n'];

  it('with a wrong password is denied, and the password is not told', async () => {
    const refusal = await refusalOf(cluster.urlOf('shop', 'not-the-password'));
    expect(refusal).toMatchObject({ code: 'asset.denied', hint: expect.stringContaining('password') });
    expect(JSON.stringify(refusal)).not.toContain('not-the-password');
  });

  it('whose user may not replicate is denied, with the statement that allows it', async () => {
    expect(await refusalOf(cluster.urlOf('reader', 'reading'))).toMatchObject({
      code: 'asset.denied',
      hint: expect.stringContaining('ALTER ROLE'),
    });
  });

  it('can be backed up by a role that may only replicate', async () => {
    const { facts } = await take(postgresAsset({ url: cluster.urlOf('keeper', 'keeping') }), repository);
    expect(facts).toMatchObject({ kind: 'base', warnings: [], facts: { encoding: 'UTF8', pageChecksums: true } });
  });

  it('with a database that is not there says so', async () => {
    expect(await refusalOf(cluster.url.replace(/postgres$/, 'nowhere'))).toMatchObject({
      code: 'asset.denied',
      message: expect.stringContaining('nowhere'),
    });
  });

  it('that nobody answers for is unreachable', async () => {
    expect(await refusalOf('postgresql://shop:secret@127.0.0.1:1/postgres')).toMatchObject({
      code: 'asset.unreachable',
      retry: 'later',
    });
  });

  it('with a wrong query under "measure" blames the plan', async () => {
    const asset = postgresAsset({ url: cluster.url, measure: { rows: 'select count(*) from nothing' } });
    await expect(take(asset, repository)).rejects.toMatchObject({ code: 'plan.invalid' });
    expect(await backupSessions()).toBe(0);
  });

  it('that is set to write too little log is unsupported, with the setting', async () => {
    await cluster.restart({ wal_level: 'minimal', max_wal_senders: '0' });
    try {
      expect(await refusalOf(cluster.url)).toMatchObject({
        code: 'asset.unsupported',
        hint: expect.stringContaining('wal_level = replica'),
      });
    } finally {
      await cluster.restart();
    }
  });

  it('all of whose connections for backups are in use says which setting to raise', async () => {
    await cluster.restart({ max_wal_senders: '1' });
    const first = postgresAsset({ url: cluster.url }).capture({
      readSoFar: async () => {},
      progress: silentProgress,
      scratch: '/nonexistent',
    });
    try {
      await first.next();
      expect(await refusalOf(cluster.url)).toMatchObject({
        code: 'asset.unreachable',
        hint: expect.stringContaining('max_wal_senders'),
      });
    } finally {
      await first.return(undefined as never);
      await cluster.restart();
    }
  });

  describe.each(['files', 'connection'] as const)('read through its %s', (via) => {
    it('has no backup session left when the capture is ended early', async () => {
      const capture = postgresAsset({ url: cluster.url, via }).capture({
        readSoFar: async () => {},
        progress: silentProgress,
        scratch: '/nonexistent',
      });
      await capture.next();
      expect(await backupSessions()).toBe(1);
      await capture.return(undefined as never);
      expect(await backupSessions()).toBe(0);
    });

    it('has no backup session left when the work is stopped by its signal', async () => {
      const stop = new AbortController();
      const taking = take(postgresAsset({ url: cluster.url, via }), repository, {
        signal: stop.signal,
        seen: ({ path }) => (path === 'global' ? stop.abort() : undefined),
      });
      await expect(taking).rejects.toMatchObject({ code: 'operation.cancelled' });
      expect(await backupSessions()).toBe(0);
    });

    it('trap "a tablespace added after the base backup began": such a backup is refused', async () => {
      let made = false;
      const taking = take(postgresAsset({ url: cluster.url, via }), repository, {
        seen: async ({ path }) => {
          if (made || path !== 'base') return;
          made = true;
          await cluster.sql(`create tablespace sudden location ''`);
        },
      });
      await expect(taking).rejects.toMatchObject({ code: 'asset.changing' });
      await cluster.sql('drop tablespace sudden');
    });

    it('with a damaged page is refused, naming the file', async () => {
      await cluster.sql('create table torn as select generate_series(1, 1000) as n');
      await cluster.sql('checkpoint');
      const [{ path } = { path: '' }] = await cluster.sql(`select pg_relation_filepath('torn') as path`);
      const file = await open(join(cluster.dataFolder, String(path)), 'r+');
      await file.write(Buffer.from('damage'), 0, 6, 8192 + 5000);
      await file.close();
      await expect(take(postgresAsset({ url: cluster.url, via }), repository)).rejects.toMatchObject({
        code: 'asset.corrupt',
        message: expect.stringContaining(String(path)),
      });
      await cluster.sql('drop table torn');
      expect((await repository.points()).points.map((point) => point.facts.warnings)).toEqual([[]]);
    });

    it('that is killed in the middle has vanished, and leaves no point', async () => {
      const before = (await repository.points()).points.length;
      await cluster.sql(
        `create table if not exists large as select repeat(md5(n::text), 20) as filler from generate_series(1, 60000) n`,
      );
      const taking = take(postgresAsset({ url: cluster.url, via }), repository, {
        seen: async ({ path }) => {
          if (path === 'global') await cluster.server.kill();
        },
      });
      await expect(taking).rejects.toMatchObject({ code: 'asset.vanished' });
      expect((await repository.points()).points).toHaveLength(before);
      await rm(join(cluster.dataFolder, 'postmaster.pid'), { force: true });
      await cluster.restart();
    });
  });
});
