import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LifeboatError, systemClock } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  startStream,
  startTestCluster,
  take,
  type TestCluster,
} from '../../../testing/postgres/index.ts';
import type { LogTarget, LogWriter } from '../../index.ts';

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 40_000, interval: 50 });
const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a stream into several stores, of which one hangs and heeds no stop (${missing ? 'skipped: PostgreSQL 15 is not installed' : 'of PostgreSQL 15'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    let far: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      far = await makeTestRepository(join(cluster.folder, 'far'));
      await cluster.sql('create table marks (n int)');
      await take(asset(), repository);
    });

    afterAll(async () => {
      await repository?.close();
      await far?.close();
      await cluster?.destroy();
    });

    const asset = () => postgresAsset({ url: cluster.url });
    const one = async (text: string): Promise<string> => String(Object.values((await cluster.sql(text))[0] ?? {})[0]);
    const position = (): Promise<string> => one('select pg_current_wal_flush_lsn()::text');
    const source = () => (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
    const target = async (hanging: Hanging): Promise<LogTarget> => ({
      store: 'far',
      everyMs: 100,
      log: hangingLog(far.log('orders', await source()), hanging),
    });

    it('goes on into the others when the connection breaks, and ends within seconds when it is told to', async () => {
      const hanging: Hanging = {};
      const stream = await startStream(asset(), repository, { also: [await target(hanging)] });
      await soon(() => stream.states.at(-1)?.stores[1]?.durable).toBeDefined();
      hanging.on = 'append';
      await cluster.sql('insert into marks values (1)');
      await stream.until(await position());
      const seen = stream.states.length;
      await cluster.sql(`select pg_terminate_backend(pid) from pg_stat_replication`);
      await cluster.sql('insert into marks values (2)');
      const last = await position();
      await soon(() => stream.states.slice(seen).some(({ state }) => state === 'streaming')).toBe(true);
      await stream.until(last);
      const startedMs = systemClock.elapsed();
      await stream.stop();
      expect(systemClock.elapsed() - startedMs).toBeLessThan(20_000);
    });

    it('ends when it is told to before any store has answered', async () => {
      const hanging: Hanging = { on: 'list' };
      const stream = await startStream(asset(), repository, { wrap: (log) => hangingLog(log, hanging) });
      await systemClock.sleep(1_000);
      const isOver = stream.stop().then(() => true);
      const isLate = systemClock.sleep(10_000).then(() => false);
      expect(await Promise.race([isOver, isLate])).toBe(true);
      hanging.free?.();
    });

    it('goes on into the others while one refuses it, also when it begins anew, and takes that one in when it is allowed again', async () => {
      const hanging: Hanging = { refuses: true };
      const stream = await startStream(asset(), repository, { also: [await target(hanging)] });
      for (const n of [10, 11]) {
        await cluster.sql(`insert into marks values (${n})`);
        await stream.until(await position());
        await soon(() => stream.states.at(-1)?.stores).toMatchObject([
          { store: 'near' },
          { store: 'far', isBehind: true, failure: 'no access any more' },
        ]);
        await cluster.sql(`select pg_terminate_backend(pid) from pg_stat_replication`);
      }
      await cluster.sql('insert into marks values (12)');
      await stream.until(await position());
      hanging.refuses = false;
      await soon(() => stream.states.at(-1)?.stores[1]?.isBehind).toBeUndefined();
      await stream.stop();
      const ends = await Promise.all(
        [repository, far].map(async (store) => (await store.log('orders', await source()).list()).pieces.at(-1)?.end),
      );
      expect(ends[1]).toBe(ends[0]);
    });

    it('begins without it, and takes it in as soon as it answers', async () => {
      const hanging: Hanging = { on: 'list' };
      const stream = await startStream(asset(), repository, { also: [await target(hanging)] });
      await cluster.sql('insert into marks values (3)');
      await stream.until(await position());
      await soon(() => stream.states.at(-1)?.stores).toMatchObject([{ store: 'near' }, { isBehind: true }]);
      hanging.free?.();
      delete hanging.on;
      await soon(() => stream.states.at(-1)?.stores[1]?.isBehind).toBeUndefined();
      await stream.stop();
      const ends = await Promise.all(
        [repository, far].map(async (store) => (await store.log('orders', await source()).list()).pieces.at(-1)?.end),
      );
      expect(ends[1]).toBe(ends[0]);
    });
  },
);

interface Hanging {
  on?: 'append' | 'list';
  free?: () => void;
  /** Instead: each word is refused at once. */
  refuses?: boolean;
}

/** What begins while it hangs comes back when it is freed. */
const hangingLog = (log: LogWriter, hanging: Hanging): LogWriter => {
  const freed = new Promise<void>((resolve) => (hanging.free = resolve));
  return new Proxy(log, {
    get: (target, name: keyof LogWriter) => {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return async (...words: never[]) => {
        if (hanging.refuses === true) throw new LifeboatError('store.denied', 'no access any more');
        if (hanging.on === name) await freed;
        return (member as (...all: never[]) => unknown).apply(target, words);
      };
    },
  });
};
