import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogStreamState, LogTarget, LogWriter } from '../../index.ts';
import { LifeboatError, systemClock } from '../../../core/index.ts';
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
  type TestStream,
} from '../../../testing/postgres/index.ts';

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 30_000, interval: 50 });
const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a stream over time (${missing ? 'skipped: PostgreSQL 15 is not installed' : 'of PostgreSQL 15'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    let far: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({
        major: 15,
        initdb: ['--wal-segsize=1'],
        settings: { max_slot_wal_keep_size: '256MB', max_wal_size: '4MB', min_wal_size: '2MB', wal_keep_size: '0' },
      });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      far = await makeTestRepository(join(cluster.folder, 'far'));
      await cluster.sql('create table marks (n int)');
      const base = await startStream(asset(), repository);
      await take(asset(), repository);
      await base.until(await position());
      await base.stop();
    });

    afterAll(async () => {
      await repository?.close();
      await far?.close();
      await cluster?.destroy();
    });

    const asset = () => postgresAsset({ url: cluster.url });
    const one = async (text: string): Promise<string> => String(Object.values((await cluster.sql(text))[0] ?? {})[0]);
    const position = (): Promise<string> => one('select pg_current_wal_flush_lsn()::text');
    const serverMs = async (): Promise<number> =>
      Number(await one('select floor(extract(epoch from clock_timestamp()) * 1000)::text'));
    const write = async (mebibytes: number): Promise<void> => {
      await cluster.sql(`create table noise as select repeat('x', 900) from generate_series(1, ${mebibytes * 1_000})`);
      await cluster.sql('drop table noise');
      await cluster.sql('checkpoint');
    };

    it('trap "an idle server that is started anew again and again": the stream goes on where it was each time, below no slot, and asks for no new point', async () => {
      const stream = await startStream(asset(), repository);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      for (let round = 0; round < 5; round += 1) {
        await cluster.restart();
        const since = stream.states.length;
        await soon(() => stream.states.slice(since).some(({ state }) => state === 'streaming')).toBe(true);
      }
      await cluster.sql('insert into marks values (680)');
      await stream.until(await position());
      expect(stream.bases).toEqual([]);
      const behind = `select restart_lsn <= pg_current_wal_lsn() as is, wal_status from pg_replication_slots`;
      expect(await cluster.sql(behind)).toEqual([{ is: true, wal_status: 'reserved' }]);
      await stream.stop();
      await withRecovered({ asset: asset(), repository, folder: cluster.folder }, { kind: 'now' }, async ({ url }) => {
        expect(await runSql(url, 'select n from marks where n = 680')).toEqual([{ n: 680 }]);
      });
      await cluster.sql('delete from marks where n = 680');
    });

    it('says once that it is connected again, for how long it was not, and from where it goes on', async () => {
      const stream = await startStream(asset(), repository);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      await cluster.sql('insert into marks values (681)');
      await stream.until(await position());
      expect(stream.states.map(({ state }) => state)).not.toContain('resumed');
      const seen = stream.states.length;
      await cluster.restart();
      await soon(() => stream.states.slice(seen).some(({ state }) => state === 'resumed')).toBe(true);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      await stream.stop();
      const since = stream.states.slice(seen);
      const at = since.findIndex(({ state }) => state === 'resumed');
      expect(since[at - 1]?.state).toBe('waiting');
      expect(new Set(since.slice(at + 1).map(({ state }) => state))).toEqual(new Set(['streaming']));
      expect(since[at]?.reason).toMatch(
        /^connected again after [\d.]+ m?s, goes on from [\dA-F]+\/[\dA-F]+ on timeline 1$/,
      );
      await cluster.sql('delete from marks where n = 681');
    });

    it('ends at once when it is told to, whatever the server hangs in: a new connection, or one that stands', async () => {
      const postmaster = Number((await readFile(join(cluster.dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
      const pids = async (): Promise<number[]> =>
        (await cluster.sql(`select pid from pg_stat_activity where application_name like 'lifeboat%'`)).map(({ pid }) =>
          Number(pid),
        );
      const endsSoon = async (hang: (stream: TestStream) => Promise<readonly number[]>): Promise<void> => {
        const stream = await startStream(asset(), repository);
        await soon(() => stream.states.at(-1)?.state).toBe('streaming');
        const stopped = await hang(stream);
        try {
          const startedMs = systemClock.elapsed();
          await stream.stop();
          // Two seconds are for goodbyes that nobody hears.
          expect(systemClock.elapsed() - startedMs).toBeLessThan(5_000);
        } finally {
          for (const pid of stopped) process.kill(pid, 'SIGCONT');
        }
      };
      await endsSoon(async () => {
        const all = await pids();
        for (const pid of all) process.kill(pid, 'SIGSTOP');
        // A question is under way that nobody answers.
        await systemClock.sleep(1_500);
        return all;
      });
      await endsSoon(async (stream) => {
        const all = await pids();
        process.kill(postmaster, 'SIGSTOP');
        for (const pid of all) process.kill(pid, 'SIGTERM');
        await soon(() => stream.states.at(-1)?.state).toBe('waiting');
        await systemClock.sleep(1_000);
        return [postmaster];
      });
    });

    it('trap "archive_timeout": a server that switches no segment is idle, not stuck: a moment of an idle stretch is reachable, long after the last commit, and costs one small object', async () => {
      const stream = await startStream(asset(), repository, { bounds: { idleMs: 500 } });
      await cluster.sql('insert into marks values (1)');
      await stream.until(await position());
      await one('select pg_sleep(0.3)');
      const atMs = await serverMs();
      const clocks = async () => (await stream.log.list()).clocks;
      await soon(async () => (await clocks()).at(-1)?.atMs ?? 0).toBeGreaterThan(atMs);
      await one('select pg_sleep(1.5)');
      // The earlier one goes when the next is there.
      expect((await clocks()).length).toBeLessThanOrEqual(2);
      await cluster.server.kill();
      await soon(() => stream.states.at(-1)?.state).toBe('waiting');
      await stream.stop();
      const found = await withRecovered(
        { asset: asset(), repository, folder: cluster.folder },
        { kind: 'time', atMs },
        ({ url }) => runSql(url, 'select n from marks'),
      );
      expect(found).toEqual([{ n: 1 }]);
      expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
      await cluster.restart();
    });

    it.each([
      ['lifeboat_orders', /silent|did not answer|timeout/],
      ['lifeboat', /timeout/],
    ])('a silent stream is red and begun anew, when the process of %s at the server hangs', async (name, reason) => {
      const stream = await startStream(asset(), repository, { bounds: { silenceMs: 1_500 } });
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      const pid = Number(await one(`select pid from pg_stat_activity where application_name = '${name}'`));
      process.kill(pid, 'SIGSTOP');
      try {
        await soon(() => stream.states.at(-1)?.state).toBe('waiting');
        expect(stream.states.at(-1)?.reason).toMatch(reason);
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const seen = stream.states.length;
      await soon(() => stream.states.slice(seen).at(-1)?.state).toBe('streaming');
      await stream.stop();
    });

    it('a store that is away holds up no other; nothing it lacks is reported as flushed; back, it has all', async () => {
      await take(asset(), repository);
      let isAway = true;
      const source = await (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
      const target: LogTarget = { store: 'far', everyMs: 100, log: failing(far.log('orders', source), () => isAway) };
      const stream = await startStream(asset(), repository, { also: [target], bounds: { heldBytes: 4 * 2 ** 20 } });
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      const start = await position();
      for (const n of [10, 11, 12]) {
        await write(4);
        await cluster.sql(`insert into marks values (${n})`);
        await stream.until(await position());
      }
      await soon(() => stream.states.at(-1)?.stores[1]).toMatchObject({ isBehind: true, failure: 'the line is cut' });
      const flushed = `select flush_lsn is null or flush_lsn <= '${start}' as is from pg_stat_replication
                       where application_name = 'lifeboat_orders'`;
      expect(await one(flushed)).toBe('true');
      isAway = false;
      await soon(() => stream.states.at(-1)?.stores[1]?.isBehind).toBeUndefined();
      await cluster.sql('insert into marks values (13)');
      const end = await position();
      await soon(() => one(`select bool_and(flush_lsn >= '${end}')::text from pg_stat_replication`)).toBe('true');
      // Again while it streams: it had been up to it.
      isAway = true;
      await write(12);
      await soon(() => stream.states.at(-1)?.stores[1]?.isBehind).toBe(true);
      isAway = false;
      await soon(() => stream.states.at(-1)?.stores[1]?.isBehind).toBeUndefined();
      const last = await position();
      await soon(() => one(`select bool_and(flush_lsn >= '${last}')::text from pg_stat_replication`)).toBe('true');
      expect(stream.bases).toEqual([]);
      await stream.stop();
      const near = (await repository.log('orders', source).list()).pieces.at(-1)?.end;
      const pieces = (await far.log('orders', source).list()).pieces;
      expect(pieces.at(-1)?.end).toBe(near);
      for (const [i, piece] of pieces.slice(1).entries()) expect(piece.start <= (pieces[i]?.end as bigint)).toBe(true);
    });

    it('a server that has become a standby is asked less and less often, though it begins to send its log each time', async () => {
      const stream = await startStream(asset(), repository);
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      const signalFile = join(cluster.dataFolder, 'standby.signal');
      await writeFile(signalFile, '');
      await chmod(signalFile, 0o666);
      // Comes back when the server takes writes.
      const restarted = cluster.restart();
      try {
        const isStandby = ({ state, reason = '' }: LogStreamState): boolean =>
          state === 'waiting' && /recovery is in progress/.test(reason);
        await soon(() => stream.states.filter(isStandby).length).toBeGreaterThan(0);
        await systemClock.sleep(10_000);
        // After 0.2, 0.4, 0.8, … seconds.
        expect(stream.states.filter(isStandby).length).toBeLessThan(9);
        await runSql(cluster.url, 'select pg_promote()');
        await restarted;
        await cluster.sql('insert into marks values (90)');
        await stream.until(await position());
      } finally {
        await stream.stop();
      }
    });
  },
);

/** As a store behind a line that is cut. */
const failing = (log: LogWriter, isAway: () => boolean): LogWriter =>
  new Proxy(log, {
    get: (target, name: keyof LogWriter) => {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return async (...words: never[]) => {
        if (isAway()) throw new LifeboatError('store.unreachable', 'the line is cut');
        return (member as (...all: never[]) => unknown).apply(target, words);
      };
    },
  });
