import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LogRange, LogTarget, LogWriter } from '../../index.ts';
import { floorTo } from '../lsn.ts';
import { LifeboatError, silentProgress } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  replayTo,
  runSql,
  startStream as startTestStream,
  startTestCluster,
  startTestStandby,
  take,
  withRecovered,
  type TestCluster,
  type TestStream,
} from '../../../testing/postgres/index.ts';

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 50 });
const missing = !(await installedMajors()).includes(15);
const small = { max_wal_size: '4MB', min_wal_size: '2MB', wal_keep_size: '0', max_slot_wal_keep_size: '64MB' };

describe.skipIf(missing)(
  `a stream whose server has removed the log it goes on with (${missing ? 'skipped: PostgreSQL 15 is not installed' : 'of PostgreSQL 15'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings: small });
      await cluster.sql('create table marks (n int)');
    });
    let repositories = 0;
    beforeEach(async () => {
      repositories += 1;
      repository = await makeTestRepository(join(cluster.folder, `store-${repositories}`));
      await cluster.sql('truncate marks');
    });

    const started: TestStream[] = [];
    const startStream = async (...words: Parameters<typeof startTestStream>): Promise<TestStream> => {
      const stream = await startTestStream(...words);
      started.push(stream);
      return stream;
    };
    // A test that fails must not leave its stream to the next one.
    afterEach(async () => {
      for (const stream of started.splice(0)) await stream.stop().catch(() => {});
      await repository.close();
    });
    afterAll(async () => {
      await cluster?.destroy();
    });

    const asset = (url = cluster.url) => postgresAsset({ url });
    const place = (url = cluster.url) => ({ asset: asset(url), repository, folder: cluster.folder });
    const one = async (url: string, text: string): Promise<string> =>
      String(Object.values((await runSql(url, text))[0] ?? {})[0]);
    const positionOf = (url: string): Promise<string> => one(url, 'select pg_current_wal_flush_lsn()::text');
    /** So that what was written before is removed, if nothing keeps it. */
    const goFurther = async (url: string): Promise<void> => {
      for (let round = 0; round < 4; round += 1) {
        await runSql(url, `select pg_logical_emit_message(true, 'noise', repeat('x', 700000))`);
        await runSql(url, 'select pg_switch_wal()');
        await runSql(url, 'checkpoint');
      }
    };
    /** As a stream that was up to date and ends. */
    const streamed = async (n: number): Promise<void> => {
      const stream = await startStream(asset(), repository);
      await runSql(cluster.url, `insert into marks values (${n})`);
      await stream.until(await positionOf(cluster.url));
      await stream.stop();
    };
    const marks = async (url: string): Promise<unknown[]> =>
      (await runSql(url, 'select n from marks order by n')).map(({ n }) => n);

    it('trap "after failover the slot is gone or ahead": says which log is lost, asks for a point at once, and goes on from where the server has log', async () => {
      const taken = await take(asset(), repository);
      const standby = await startTestStandby(cluster, taken, small);
      try {
        await streamed(1);
        await soon(() => one(standby.url, 'select pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn()')).toBe('true');
        await soon(() => marks(standby.url).catch(() => [])).toEqual([1]);
        await runSql(standby.url, 'select pg_promote()');
        await runSql(standby.url, 'insert into marks values (2)');
        await goFurther(standby.url);
        const stream = await startStream(asset(standby.url), repository);
        await soon(() => stream.bases).toEqual([
          expect.stringMatching(
            /^the server no longer has its log from 0\/[0-9A-F]+ to 0\/[0-9A-F]+ on timeline 2: moments between/,
          ),
        ]);
        expect(stream.states.find(({ reason = '' }) => /no longer has its log/.test(reason))).toMatchObject({
          state: 'finding',
          hint: expect.stringContaining('wal_keep_size') as string,
        });
        await runSql(standby.url, 'insert into marks values (3)');
        await stream.until(await positionOf(standby.url));
        // Until the new point is there nobody restores over the gap.
        await expect(replayTo(asset(), repository, { kind: 'now' })).rejects.toMatchObject({ code: 'log.gap' });
        await take(asset(standby.url), repository);
        await runSql(standby.url, 'insert into marks values (4)');
        await stream.until(await positionOf(standby.url));
        expect(stream.bases).toHaveLength(1);
        await stream.stop();
        const found = await withRecovered(place(standby.url), { kind: 'now' }, ({ url }) => marks(url));
        expect(found).toEqual([1, 2, 3, 4]);
      } finally {
        await standby.server.stop();
      }
    });

    it('a copy keeps the log since its fork through checks and a restart, and the stream of the new primary begins there: nothing is lost', async () => {
      await take(asset(), repository);
      await streamed(10);
      const replay = await replayTo(asset(), repository, { kind: 'now' });
      const path = join(cluster.folder, 'promoted');
      const point = await repository.point(replay.base);
      const { facts } = point.facts;
      try {
        await asset().apply(await repository.contents(point), path, { replay, progress: silentProgress });
        const first = await asset().start(path, { facts, stay: false, replay });
        await goFurther(first.url);
        await first.stop();
      } finally {
        await replay.close();
      }
      const promoted = await asset().start(path, { facts, stay: false });
      try {
        await goFurther(promoted.url);
        const stream = await startStream(asset(promoted.url), repository);
        await runSql(promoted.url, 'insert into marks values (11)');
        await stream.until(await positionOf(promoted.url));
        expect(stream.bases).toEqual([]);
        await stream.stop();
      } finally {
        await promoted.stop();
      }
      expect(await withRecovered(place(), { kind: 'now' }, ({ url }) => marks(url))).toEqual([10, 11]);
    });

    /** What the server still has, but for what it needs itself. */
    const removeOldLog = async (): Promise<void> => {
      const needed = await one(cluster.url, 'select pg_walfile_name(redo_lsn) from pg_control_checkpoint()');
      const folder = join(cluster.dataFolder, 'pg_wal');
      for (const name of await readdir(folder))
        if (/^[0-9A-F]{24}$/.test(name) && name < needed) await rm(join(folder, name));
    };

    it('whatever took the log that its slot stands at, the slot is made anew and the stream goes on', async () => {
      await take(asset(), repository);
      await streamed(20);
      await goFurther(cluster.url);
      await removeOldLog();
      const stream = await startStream(asset(), repository);
      await soon(() => stream.bases).toEqual([expect.stringMatching(/no longer has its log from .* on timeline 1/)]);
      await runSql(cluster.url, 'insert into marks values (21)');
      await stream.until(await positionOf(cluster.url));
      const slot = `select wal_status, restart_lsn >= redo_lsn as is_new from pg_replication_slots, pg_control_checkpoint()`;
      await soon(() => runSql(cluster.url, slot)).toEqual([{ wal_status: 'reserved', is_new: true }]);
      await take(asset(), repository);
      await stream.until(await positionOf(cluster.url));
      await stream.stop();
      expect(await withRecovered(place(), { kind: 'now' }, ({ url }) => marks(url))).toEqual([20, 21]);
    });

    it('a user who may not look into the folder of the log hears it from the server, and goes on all the same', async () => {
      await cluster.sql(`create role modest login replication password 'modest'`);
      await cluster.sql('grant pg_read_all_settings, pg_read_all_stats to modest');
      const url = cluster.urlOf('modest', 'modest');
      await take(asset(), repository);
      await streamed(30);
      await soon(() =>
        runSql(cluster.url, `select pg_drop_replication_slot('lifeboat_orders')`).then(() => 'dropped', String),
      ).toBe('dropped');
      await goFurther(cluster.url);
      await goFurther(cluster.url);
      const stream = await startStream(asset(url), repository);
      await soon(() => stream.bases).toEqual([expect.stringMatching(/no longer has its log from .* on timeline 1/)]);
      await runSql(cluster.url, 'insert into marks values (31)');
      await stream.until(await positionOf(cluster.url));
      await stream.stop();
    });

    const awayIf = (isAway: () => boolean, log: LogWriter): LogTarget => ({
      store: 'far',
      everyMs: 100,
      log: new Proxy(log, {
        get: (target, name: keyof LogWriter) => {
          const member = target[name];
          if (typeof member !== 'function') return member;
          return (...words: never[]) =>
            isAway()
              ? Promise.reject(new LifeboatError('store.unreachable', 'away'))
              : (member as (...all: never[]) => unknown).apply(target, words);
        },
      }),
    });

    it('a store that catches up beside the stream says what it lacks for good, and takes the rest', async () => {
      const other = await makeTestRepository(join(cluster.folder, 'far'));
      const source = await (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
      let isAway = false;
      const log = other.log('orders', source);
      await take(asset(), repository);
      const first = await startStream(asset(), repository, { also: [awayIf(() => isAway, log)] });
      await runSql(cluster.url, 'insert into marks values (40)');
      await first.until(await positionOf(cluster.url));
      await soon(() => first.states.at(-1)?.stores[1]?.durable === first.states.at(-1)?.server).toBe(true);
      await first.stop();
      isAway = true;
      const stream = await startStream(asset(), repository, { also: [awayIf(() => isAway, log)] });
      await goFurther(cluster.url);
      await stream.until(await positionOf(cluster.url));
      await removeOldLog();
      isAway = false;
      await soon(() => stream.bases).toEqual([expect.stringMatching(/no longer has its log from .*, which far lacks/)]);
      const position = await positionOf(cluster.url);
      const value = BigInt(`0x${position.slice(2)}`);
      await soon(async () => (await log.list()).pieces.some(({ end }) => end >= value)).toBe(true);
      await stream.stop();
      await other.close();
    });

    it('a store that was away when the stream began, and whose log has a gap of its own, asks for a point when it comes back', async () => {
      const other = await makeTestRepository(join(cluster.folder, 'holed'));
      const source = await (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
      let isAway = false;
      const log = other.log('orders', source);
      const far = awayIf(() => isAway, log);
      await take(asset(), repository);
      const first = await startStream(asset(), repository, { also: [far] });
      await goFurther(cluster.url);
      await runSql(cluster.url, 'insert into marks values (50)');
      await first.until(await positionOf(cluster.url));
      await soon(() => first.states.at(-1)?.stores[1]?.durable === first.states.at(-1)?.server).toBe(true);
      await first.stop();
      const { pieces } = await log.list();
      // All of the second segment: of one that has just become an object of its own its pieces may still be there.
      const second = floorTo((pieces[0] as LogRange).start, 2 ** 20) + 0x10_0000n;
      await log.remove(pieces.filter(({ start }) => floorTo(start, 2 ** 20) === second));
      isAway = true;
      const stream = await startStream(asset(), repository, { also: [far] });
      await soon(() => stream.states.at(-1)?.stores[0]?.durable).toBeDefined();
      expect(stream.bases).toEqual([]);
      isAway = false;
      await soon(() => stream.bases).toEqual([
        expect.stringMatching(/log in far does not lead from the newest recovery/),
      ]);
      await stream.stop();
      await other.close();
    });

    it('a store that was away when the stream began, and has no point, asks for one when it comes back: that of another store leads to nothing in it', async () => {
      const other = await makeTestRepository(join(cluster.folder, 'pointless'));
      const source = await (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
      let isAway = true;
      const far = awayIf(() => isAway, other.log('orders', source));
      await take(asset(), repository);
      const stream = await startStream(asset(), repository, { also: [far], pointsIn: ['near'] });
      await soon(() => stream.states.at(-1)?.stores[0]?.durable).toBeDefined();
      expect(stream.bases).toEqual([]);
      isAway = false;
      await soon(() => stream.bases).toEqual(['no recovery point that leads to the log is in far yet']);
      await stream.stop();
      await other.close();
    });

    it('a point that ended behind the fork, in the life that nobody goes on with, leads to nothing: a new one is asked for', async () => {
      const seed = await makeTestRepository(join(cluster.folder, 'seed'));
      const standby = await startTestStandby(cluster, await take(asset(), seed), { wal_keep_size: '64MB' });
      try {
        await soon(() => one(standby.url, 'select count(*) from pg_stat_wal_receiver')).toBe('1');
        await runSql(standby.url, `alter system set primary_conninfo = ''`);
        await runSql(standby.url, 'select pg_reload_conf()');
        await runSql(standby.url, 'select pg_promote()');
        await runSql(cluster.url, 'insert into marks values (60)');
        await take(asset(), repository);
        const stream = await startStream(asset(standby.url), repository);
        await runSql(standby.url, 'insert into marks values (61)');
        await stream.until(await positionOf(standby.url));
        await expect(replayTo(asset(), repository, { kind: 'now' })).rejects.toMatchObject({ code: 'log.gap' });
        expect(stream.bases).toEqual(['no recovery point leads to the timeline of the server yet']);
        await stream.stop();
      } finally {
        await standby.server.stop();
        await seed.close();
      }
    });
  },
);
