import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import type { LogWriter } from '../../index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { floorTo } from '../lsn.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  replayTo,
  runSql,
  startStream as startTestStream,
  startTestCluster,
  take,
  withRecovered,
  type TestCluster,
  type TestStream,
} from '../../../testing/postgres/index.ts';

/** States come each second. */
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000 });

const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a stream (${missing ? 'skipped: PostgreSQL 15 is not installed' : 'of PostgreSQL 15'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({
        major: 15,
        initdb: ['--wal-segsize=1'],
        settings: { max_slot_wal_keep_size: '4MB', max_wal_size: '4MB', min_wal_size: '2MB', wal_keep_size: '0' },
      });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      await cluster.sql('create table marks (n int)');
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
    });

    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    const asset = () => postgresAsset({ url: cluster.url });
    const place = () => ({ asset: asset(), repository, folder: cluster.folder });
    const position = async (): Promise<string> =>
      String((await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn'))[0]?.['lsn']);
    const noise = async (): Promise<void> => {
      await cluster.sql(`create table noise as select repeat('x', 900) from generate_series(1, 3000)`);
      await cluster.sql('drop table noise');
      await cluster.sql('select pg_switch_wal()');
      await cluster.sql('checkpoint');
    };

    it('asks for a point where there is none, keeps whole segments in one object each, and writes nothing while idle', async () => {
      const stream = await startStream(asset(), repository);
      expect(stream.bases).toEqual([]);
      await soon(() => stream.bases.length).toBe(1);
      await take(asset(), repository);
      await noise();
      await noise();
      await stream.until(await position());
      await expect
        .poll(
          async () =>
            (await stream.log.list()).pieces.slice(0, -1).filter(({ start, end }) => end - start !== 2n ** 20n).length,
        )
        .toBeLessThan(2);
      await soon(() => stream.states.at(-1)?.stores[0]?.durable === stream.states.at(-1)?.server).toBe(true);
      // A server writes a little by itself each 15 s; a pause into which that falls says nothing.
      const pause = async (): Promise<{ isIdle: boolean; written: number }> => {
        const [from, before] = [await position(), (await stream.log.list()).pieces.length];
        await systemClock.sleep(1_500);
        const written = (await stream.log.list()).pieces.length - before;
        return { isIdle: (await position()) === from, written };
      };
      await expect.poll(pause, { interval: 1_500 }).toEqual({ isIdle: true, written: 0 });
      // Idle is no alarm: what could be lost is nothing, by the server's own clock.
      const latest = (): (typeof stream.states)[number] => stream.states.at(-1) as (typeof stream.states)[number];
      expect(latest().state).toBe('streaming');
      const openMs = (): number => (latest().serverMs as number) - (latest().stores[0]?.completeToMs as number);
      await expect.poll(openMs).toBeLessThan(1_500);
      await stream.stop();
    });

    it('trap "slots": tells the server as flushed only what the store has for good', async () => {
      // Open until the stream has come up to the server, which writes a little by itself too.
      let gate = Promise.withResolvers<void>();
      gate.resolve();
      const held = (log: LogWriter): LogWriter =>
        new Proxy(log, {
          get: (target, name: keyof LogWriter) =>
            name === 'append' || name === 'compact'
              ? async (...words: never[]) => (
                  await gate.promise,
                  (target[name] as (...all: never[]) => unknown)(...words)
                )
              : typeof target[name] === 'function'
                ? (target[name] as () => unknown).bind(target)
                : target[name],
        });
      const stream = await startStream(asset(), repository, { wrap: held });
      const heldBack = `select write_lsn >= pg_current_wal_flush_lsn() and flush_lsn < pg_current_wal_flush_lsn() as is
                       from pg_stat_replication where application_name = 'lifeboat_orders'`;
      const isHeldBack = async (): Promise<unknown> => (await cluster.sql(heldBack))[0]?.['is'];
      await soon(isHeldBack).toBe(false);
      gate = Promise.withResolvers();
      await cluster.sql(`insert into marks select generate_series(1, 1000)`);
      await soon(isHeldBack).toBe(true);
      gate.resolve();
      await soon(isHeldBack).toBe(false);
      await stream.stop();
    });

    it('with synchronous_standby_names commits wait for the store: a server whose disk is gone has lost none', async () => {
      await take(asset(), repository);
      const stream = await startStream(asset(), repository, { everyMs: 0 });
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      await cluster.sql(`alter system set synchronous_standby_names = 'lifeboat_orders'`);
      await cluster.sql('select pg_reload_conf()');
      await expect
        .poll(async () => (await cluster.sql('select sync_state from pg_stat_replication'))[0]?.['sync_state'])
        .toBe('sync');
      for (let n = 2_000; n < 2_050; n += 1) await cluster.sql(`insert into marks values (${n})`);
      await cluster.server.kill();
      await soon(() => stream.states.at(-1)?.state).toBe('waiting');
      const found = await withRecovered(place(), { kind: 'now' }, ({ url }) =>
        runSql(url, 'select count(*)::int as n from marks where n >= 2000'),
      );
      expect(found).toEqual([{ n: 50 }]);
      await cluster.restart({ synchronous_standby_names: '' });
      await stream.stop();
    });

    it('a second stream of the same server refuses', async () => {
      const stream = await startStream(asset(), repository);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      const second = await startStream(asset(), repository);
      await expect(second.ended).rejects.toMatchObject({
        code: 'operation.busy',
        message: /lifeboat_orders is in use/,
      });
      await stream.stop();
    });

    it('trap "wrong system identifier": a log takes nothing of another server', async () => {
      const keeping = asset().log as NonNullable<ReturnType<typeof asset>['log']>;
      const stream = keeping.stream({
        source: '1',
        targets: [],
        everyMs: 100,
        bases: async () => [],
        needsBase: () => {},
        say: () => {},
        signal: new AbortController().signal,
      });
      await expect(stream).rejects.toMatchObject({ code: 'asset.foreign' });
    });

    it('trap "slots": one that the server gave up is red, made anew, and a new point is due; nobody restores over the gap', async () => {
      for (let round = 0; round < 6; round += 1) await noise();
      expect(await cluster.sql(`select wal_status from pg_replication_slots`)).toEqual([{ wal_status: 'lost' }]);
      const lost = Date.now();
      const stream = await startStream(asset(), repository);
      await expect.poll(() => stream.bases).toEqual([expect.stringMatching(/no longer has its log/)]);
      expect(stream.states.filter(({ state }) => state === 'finding')[0]?.reason).toMatch(
        /gave up the replication slot/,
      );
      await cluster.sql('insert into marks values (3000)');
      await stream.until(await position());
      await expect(replayTo(asset(), repository, { kind: 'time', atMs: lost })).rejects.toMatchObject({
        code: 'log.gap',
        message: /without a gap up to/,
      });
      await take(asset(), repository);
      await cluster.sql('insert into marks values (3001)');
      await stream.until(await position());
      const found = await withRecovered(place(), { kind: 'now' }, ({ url }) =>
        runSql(url, 'select max(n) as n from marks'),
      );
      expect(found).toEqual([{ n: 3001 }]);
      await stream.stop();
    });

    it('trap "gaps": a lost object of the log is refused before anything is written, with the last reachable moment', async () => {
      await take(asset(), repository);
      const stream = await startStream(asset(), repository);
      await cluster.sql('insert into marks values (4000)');
      await noise();
      // Both noises together are more than the slot may keep: a stream that is slow would lose its place.
      const quiet = await position();
      await stream.until(quiet);
      // The server may have written something of its own since the switch.
      const gapsFrom = floorTo(lsnValue(quiet), 2 ** 20);
      await noise();
      await cluster.sql('insert into marks values (4001)');
      await stream.until(await position());
      await stream.stop();
      const { pieces } = await stream.log.list();
      // What stands before it holds a commit that can be named, and what stands behind it makes it a gap and not the end.
      const lost = pieces.filter(({ start }) => floorTo(start, 2 ** 20) === gapsFrom);
      expect(lost.length).toBeGreaterThan(0);
      expect((pieces.at(-1) as (typeof pieces)[number]).end).toBeGreaterThan(gapsFrom + 0x10_0000n);
      await stream.log.remove(lost);
      const refusal = await replayTo(asset(), repository, { kind: 'now' }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: 'log.gap',
        message: expect.stringMatching(/without a gap up to .* on timeline 1, 20\d\d-/),
        hint: expect.stringMatching(/--at 20\d\d-/),
      });
      const named = /--at (\S+Z)/.exec((refusal as { hint: string }).hint)?.[1] as string;
      const replay = await replayTo(asset(), repository, { kind: 'time', atMs: Date.parse(named) });
      expect(replay.reachableMs).toBe(Date.parse(named));
    });

    it('trap "timelines": goes on over a failover, and a restore follows it', async () => {
      await take(asset(), repository);
      const first = await startStream(asset(), repository);
      await cluster.sql('insert into marks values (5000)');
      await first.until(await position());
      await first.stop();
      await withRecovered(place(), { kind: 'now' }, async ({ url }) => {
        const promoted = postgresAsset({ url });
        const second = await startStream(promoted, repository);
        await runSql(url, 'insert into marks values (5001)');
        const [{ lsn } = { lsn: '' }] = await runSql(url, 'select pg_current_wal_flush_lsn()::text as lsn');
        await soon(() => second.states.at(-1)?.timeline).toBe(2);
        await second.until(String(lsn));
        await second.stop();
      });
      expect((await first.log.list()).histories).toEqual([2]);
      const replay = await replayTo(asset(), repository, { kind: 'now' });
      expect(replay.timeline).toBe(2);
      await withRecovered(place(), { kind: 'now' }, async ({ url, reached }) => {
        expect(await runSql(url, 'select max(n) as n from marks')).toEqual([{ n: 5001 }]);
        expect(reached?.timeline).toBe(3);
      });
    });
  },
);
