import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogWriter } from '../../index.ts';
import { LifeboatError } from '../../../core/index.ts';
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

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 60_000, interval: 50 });
const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `the history of a new timeline (${missing ? 'skipped: PostgreSQL 15 is not installed' : 'of PostgreSQL 15'})`,
  () => {
    let cluster: TestCluster;
    let near: Repository;
    let far: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      near = await makeTestRepository(join(cluster.folder, 'near'));
      far = await makeTestRepository(join(cluster.folder, 'far'));
      await cluster.sql('create table marks (n int)');
    });

    afterAll(async () => {
      await near?.close();
      await far?.close();
      await cluster?.destroy();
    });

    const asset = () => postgresAsset({ url: cluster.url });
    const one = async (url: string, text: string): Promise<string> =>
      String(Object.values((await runSql(url, text))[0] ?? {})[0]);
    const positionOf = (url: string): Promise<string> => one(url, 'select pg_current_wal_flush_lsn()::text');

    it('trap "timelines": whose capture fails is captured again until it is there; nothing behind the fork is taken or acknowledged before, and a restore follows', async () => {
      await take(asset(), near);
      const source = await (asset().log as NonNullable<ReturnType<typeof asset>['log']>).source();
      const farLog = far.log('orders', source);
      const first = await startStream(asset(), near, { also: [{ store: 'far', log: farLog, everyMs: 100 }] });
      await cluster.sql('insert into marks values (1)');
      await first.until(await positionOf(cluster.url));
      await first.stop();
      const [nearGate, farGate] = [new Gate(), new Gate()];
      await withRecovered(
        { asset: asset(), repository: near, folder: cluster.folder },
        { kind: 'now' },
        async (copy) => {
          const { url } = copy;
          const stream = await startStream(postgresAsset({ url }), near, {
            wrap: (log) => nearGate.before(log),
            also: [{ store: 'far', log: farGate.before(farLog), everyMs: 100 }],
          });
          await runSql(url, 'insert into marks values (2)');
          const behindFork = async (log: LogWriter) => (await log.list()).pieces.filter(({ timeline }) => timeline > 1);

          await soon(() => nearGate.refusals).toBeGreaterThan(1);
          expect(stream.states.map(({ state }) => state)).not.toContain('streaming');
          expect(stream.states.findLast(({ state }) => state === 'waiting')?.reason).toBe('no histories today');
          expect([await behindFork(stream.log), await behindFork(farLog)]).toEqual([[], []]);

          // The one store goes on without the other, and the server keeps what that lacks.
          nearGate.isOpen = true;
          await stream.until(await positionOf(url));
          await soon(() => stream.states.at(-1)?.stores[1]).toMatchObject({
            store: 'far',
            isBehind: true,
            failure: 'no histories today',
          });
          expect((await stream.log.list()).histories).toEqual([2]);
          expect(await behindFork(farLog)).toEqual([]);
          const [, fork] = (await stream.log.history(2)).split('\t');
          const acknowledged = `select count(*)::text from pg_stat_replication where flush_lsn > '${fork}'`;
          expect(await one(url, acknowledged)).toBe('0');

          farGate.isOpen = true;
          const end = await positionOf(url);
          await soon(() => one(url, `select bool_and(flush_lsn >= '${end}')::text from pg_stat_replication`)).toBe(
            'true',
          );
          const { histories } = await farLog.list();
          expect(histories).toEqual([2]);
          expect((await behindFork(farLog)).length).toBeGreaterThan(0);
          await stream.stop();
        },
      );
      await withRecovered(
        { asset: asset(), repository: near, folder: cluster.folder },
        { kind: 'now' },
        async (copy) => {
          expect(await runSql(copy.url, 'select n from marks order by n')).toEqual([{ n: 1 }, { n: 2 }]);
          expect(copy.reached?.timeline).toBe(3);
        },
      );
    });
  },
);

/** Before a store that takes everything but histories, until it is open. */
class Gate {
  isOpen = false;
  refusals = 0;

  before(log: LogWriter): LogWriter {
    return new Proxy(log, {
      get: (target, name: keyof LogWriter) => {
        if (name === 'appendHistory' && !this.isOpen) return () => this.#refuse();
        const member = target[name];
        return typeof member === 'function' ? (member as () => unknown).bind(target) : member;
      },
    });
  }

  #refuse(): Promise<never> {
    this.refusals += 1;
    return Promise.reject(new LifeboatError('store.unreachable', 'no histories today'));
  }
}
