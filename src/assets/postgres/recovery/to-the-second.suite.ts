import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecoveryTarget } from '../../index.ts';
import { readPushed } from '../stream/pushed-file.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  replayTo,
  runSql,
  startLoad,
  startStream,
  startTestCluster,
  take,
  withRecovered,
  type TestCluster,
  type TestStream,
} from '../../../testing/postgres/index.ts';

const installed = await installedMajors();

/** What every supported version must do between a stream and a restored copy. */
export function describeToTheSecond(major: number): void {
  const missing = !installed.includes(major);
  describe.skipIf(missing)(`PostgreSQL ${major}${missing ? ' (skipped: not installed)' : ''}, to the second`, () => {
    let cluster: TestCluster;
    let repository: Repository;
    let stream: TestStream;

    beforeAll(async () => {
      cluster = await startTestCluster({
        major,
        initdb: ['--wal-segsize=1'],
        settings: { max_slot_wal_keep_size: '64MB' },
      });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      const asset = postgresAsset({ url: cluster.url });
      await cluster.sql('create table marks (n int)');
      stream = await startStream(asset, repository);
      await take(asset, repository);
    });

    afterAll(async () => {
      await stream?.stop();
      await repository?.close();
      await cluster?.destroy();
    });

    const place = () => ({ asset: postgresAsset({ url: cluster.url }), repository, folder: cluster.folder });
    const one = async (text: string): Promise<string> => String(Object.values((await cluster.sql(text))[0] ?? {})[0]);
    const flush = async (): Promise<void> => stream.until(await one('select pg_current_wal_flush_lsn()::text'));
    const marksAt = (target: RecoveryTarget): Promise<unknown> =>
      withRecovered(place(), target, async ({ url }) =>
        (await runSql(url, 'select n from marks order by n')).map(({ n }) => n),
      );

    it('restores to now, a moment, a position, a name, a transaction, and just before one', async () => {
      await cluster.sql('insert into marks values (1)');
      const atMs = Number(await one('select ceil(extract(epoch from clock_timestamp()) * 1000)::text'));
      await one('select pg_sleep(0.01)');
      await cluster.sql('insert into marks values (2)');
      const transaction = await one('select max(xmin::text::bigint)::text from marks');
      const position = await one('select pg_current_wal_insert_lsn()::text');
      await one(`select pg_create_restore_point('before the upgrade')`);
      await cluster.sql('insert into marks values (3)');
      await flush();
      const found: unknown[] = [];
      for (const target of [
        { kind: 'now' },
        { kind: 'time', atMs },
        { kind: 'transaction', text: transaction },
        { kind: 'transaction', text: transaction, exclusive: true },
        { kind: 'position', text: position },
        { kind: 'name', text: 'before the upgrade' },
      ] satisfies RecoveryTarget[]) {
        found.push(await marksAt(target));
      }
      expect(found).toEqual([[1, 2, 3], [1], [1, 2], [1], [1, 2], [1, 2]]);
    });

    it('says how much log lies before the target, and how much was really replayed', async () => {
      await cluster.sql('create table filler (t text)');
      await cluster.sql('insert into marks values (6)');
      const atMs = Number(await one('select ceil(extract(epoch from clock_timestamp()) * 1000)::text'));
      // Replay goes on to the first commit behind the moment.
      await cluster.sql('insert into marks values (6)');
      await cluster.sql(`insert into filler select repeat('x', 1000) from generate_series(1, 6000)`);
      await cluster.sql('insert into marks values (6)');
      await flush();
      const early = { kind: 'time', atMs } as const;
      await withRecovered(place(), early, async (_, replay) => {
        expect(replay.bytes).toBeGreaterThan(6e6);
        expect(replay.bytesExpected).toBeLessThan(3e6);
        expect(replay.replayed()?.bytes).toBeLessThan(3e6);
      });
      await withRecovered(place(), { kind: 'now' }, async (_, replay) => {
        expect(replay.bytesExpected).toBe(replay.bytes);
        expect(replay.replayed()?.bytes).toBeGreaterThan(6e6);
        expect(replay.replayed()?.seconds).toBeGreaterThan(0);
      });
      await cluster.sql('drop table filler; delete from marks where n = 6');
    });

    it('a dropped table comes back as it was just before', async () => {
      await cluster.sql('create table precious as select generate_series(1, 1000) as n');
      await cluster.sql('drop table precious');
      await cluster.sql('insert into marks values (4)');
      const dropped = await lastTransactionBefore(4);
      await flush();
      const count = await withRecovered(
        place(),
        { kind: 'transaction', text: dropped, exclusive: true },
        async ({ url }) => runSql(url, 'select count(*)::int as n from precious'),
      );
      expect(count).toEqual([{ n: 1000 }]);
    });

    const lastTransactionBefore = async (n: number): Promise<string> =>
      one(`select (xmin::text::bigint - 1)::text from marks where n = ${n}`);

    it('a segment as this version writes it is known by its own header', async () => {
      const name = await one('select pg_walfile_name(pg_current_wal_insert_lsn())');
      await cluster.sql('insert into marks values (7)');
      await cluster.sql('select pg_switch_wal()');
      const file = await readPushed(join(cluster.dataFolder, 'pg_wal', name));
      const systemId = await one('select system_identifier::text from pg_control_system()');
      expect(file).toMatchObject({ kind: 'segment', systemId, segmentBytes: 2 ** 20, isPartial: false });
    });

    it('reports what it reached: position, moment, and a timeline of its own', async () => {
      await cluster.sql('insert into marks values (5)');
      await flush();
      await withRecovered(place(), { kind: 'now' }, async ({ url, reached }) => {
        expect(reached).toMatchObject({
          timeline: 2,
          lsn: expect.stringMatching(/^\d+\/[0-9A-F]+$/),
          time: expect.stringMatching(/Z$/),
        });
        expect(await runSql(url, 'show archive_mode')).toEqual([{ archive_mode: 'off' }]);
        expect(await runSql(url, 'select * from pg_replication_slots')).toEqual([]);
      });
    });

    it('refuses what the log does not reach, and says what it reaches, before anything is written', async () => {
      const refused = (target: RecoveryTarget): Promise<unknown> =>
        replayTo(place().asset, repository, target).catch((error: unknown) => error);
      expect(await refused({ kind: 'time', atMs: Date.parse('2200-01-01') })).toMatchObject({
        code: 'restore.unknown_target',
        hint: expect.stringMatching(/--at 20\d\d-/),
      });
      expect(await refused({ kind: 'time', atMs: 0 })).toMatchObject({
        code: 'restore.unreachable_target',
        hint: expect.stringMatching(/The earliest is/),
      });
      expect(await refused({ kind: 'position', text: 'FF/0' })).toMatchObject({
        code: 'restore.unknown_target',
        message: expect.stringMatching(/without a gap up to/),
      });
      expect(await refused({ kind: 'position', text: 'here' })).toMatchObject({ code: 'input.flag' });
      expect(await refused({ kind: 'name', text: 'never' })).toMatchObject({
        code: 'restore.unknown_target',
        message: expect.stringMatching(/no restore point "never"/),
        hint: expect.stringMatching(/^It holds "/),
      });
      expect(await refused({ kind: 'transaction', text: '4000000000' })).toMatchObject({
        code: 'restore.unknown_target',
        hint: expect.stringMatching(
          new RegExp(`^It holds some from \\d+ to (\\d+); nearest to it: \\1\\. Name a moment`),
        ),
      });
    });

    it('killed under load, the server leaves everything that was reported as stored', async () => {
      const load = await startLoad(cluster.url);
      await expect.poll(() => stream.states.at(-1)?.newestCommit, { timeout: 30_000 }).toBeDefined();
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await cluster.server.kill();
      const acknowledged = await load.stop().catch(() => []);
      await expect.poll(() => stream.states.at(-1)?.state, { timeout: 30_000 }).toBe('waiting');
      const completeToMs = stream.states.at(-1)?.stores[0]?.completeToMs as number;
      const due = acknowledged.filter(({ acknowledgedMs }) => acknowledgedMs < completeToMs).map(({ id }) => id);
      expect(due.length).toBeGreaterThan(0);
      await withRecovered(place(), { kind: 'now' }, async ({ url }) => {
        const ids = new Set((await runSql(url, 'select id from load')).map(({ id }) => id));
        expect(due.filter((id) => !ids.has(id))).toEqual([]);
      });
      await cluster.restart();
      await expect.poll(() => stream.states.at(-1)?.state, { timeout: 30_000 }).toBe('streaming');
      await cluster.sql('insert into marks values (6)');
      await flush();
      expect(await marksAt({ kind: 'now' })).toContain(6);
    });
  });
}
