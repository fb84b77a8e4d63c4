import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 60_000, interval: 50 });
const missing = !(await installedMajors()).includes(18);

describe.skipIf(missing)(
  `a slot that nobody reads (${missing ? 'skipped: PostgreSQL 18 is not installed' : 'of PostgreSQL 18'})`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;

    beforeAll(async () => {
      cluster = await startTestCluster({
        major: 18,
        initdb: ['--wal-segsize=1'],
        // So that nothing but the time takes the slot away.
        settings: {
          idle_replication_slot_timeout: '1s',
          max_slot_wal_keep_size: '-1',
          max_wal_size: '4MB',
          min_wal_size: '2MB',
          wal_keep_size: '0',
        },
      });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      await cluster.sql('create table marks (n int)');
      await take(asset(), repository);
    });

    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    const asset = () => postgresAsset({ url: cluster.url });
    const position = async (): Promise<string> =>
      String((await cluster.sql('select pg_current_wal_flush_lsn()::text as lsn'))[0]?.['lsn']);

    it('trap "slots": one that PostgreSQL 18 gave up because nobody read it for that long is red with this reason, made anew, and a new point is due', async () => {
      const before = await startStream(asset(), repository);
      await cluster.sql('insert into marks values (1)');
      await before.until(await position());
      await before.stop();
      await cluster.sql(`create table noise as select repeat('x', 900) from generate_series(1, 6000)`);
      // The server looks at the time with each checkpoint, and with this one removes what the slot kept.
      const reason = async (): Promise<unknown> => {
        await cluster.sql('select pg_switch_wal()');
        await cluster.sql('checkpoint');
        return (await cluster.sql('select invalidation_reason as reason from pg_replication_slots'))[0]?.['reason'];
      };
      await soon(reason).toBe('idle_timeout');
      const stream = await startStream(asset(), repository);
      await soon(() => stream.bases[0]).toMatch(/no longer has its log/);
      expect(stream.states.find(({ reason: words }) => /lifeboat_orders/.test(words ?? ''))).toMatchObject({
        state: 'finding',
        reason: expect.stringContaining('nobody read it for longer than idle_replication_slot_timeout') as string,
        hint: expect.stringContaining('Raise idle_replication_slot_timeout') as string,
      });
      await take(asset(), repository);
      await cluster.sql('insert into marks values (2)');
      await stream.until(await position());
      expect(
        await cluster.sql('select slot_name, active, wal_status, invalidation_reason from pg_replication_slots'),
      ).toEqual([{ slot_name: 'lifeboat_orders', active: true, wal_status: 'reserved', invalidation_reason: null }]);
      await stream.stop();
    });

    it('a server that gives slots up after a time is told about before it does', async () => {
      const survey = await asset().survey?.({ isStreamed: true });
      expect(survey?.remarks.map(({ message }) => message)).toContainEqual(
        expect.stringMatching(/away for more than 1\.0 s \(idle_replication_slot_timeout\) loses its place/),
      );
    });

    it('one that somebody made without reserving log is no slot that the server gave up', async () => {
      // The server takes a while to see that the stream before has gone.
      const drop = `select pg_drop_replication_slot('lifeboat_orders')`;
      await soon(() => cluster.sql(drop).then(() => 'dropped', String)).toBe('dropped');
      await cluster.sql(`select pg_create_physical_replication_slot('lifeboat_orders')`);
      const stream = await startStream(asset(), repository);
      await soon(() => stream.states.find(({ reason }) => /lifeboat_orders/.test(reason ?? ''))?.reason).toMatch(
        /kept no log so far/,
      );
      await soon(() => stream.states.at(-1)?.state).toBe('streaming');
      await stream.stop();
    });
  },
);
