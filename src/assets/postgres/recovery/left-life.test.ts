import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import type { RecoveryTarget } from '../../index.ts';
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
  withRecovered,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);
const segmentBytes = 2n ** 20n;

describe.skipIf(missing)(
  `what a life that was left wrote behind the fork, in the segment of the fork${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    /** Ended on the old primary alone, behind the fork. */
    let transaction = '';
    /** By the old primary's clock, between 1 and 2. */
    let betweenMs = 0;
    const asset = () => postgresAsset({ url: cluster.url });
    const place = () => ({ asset: asset(), repository, folder: cluster.folder });
    const one = async (url: string, what: string): Promise<string> =>
      String((await runSql(url, `select (${what})::text as one`))[0]?.['one']);

    /** 1 in both lives; the copy that is promoted commits nothing, and the old primary writes 2 and fills the segment. */
    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      await cluster.sql('create table marks (n int)');
      await take(asset(), repository);
      const old = await startStream(asset(), repository);
      await cluster.sql('insert into marks values (1)');
      // In the segment of the fork no commit stands before it: only what the old primary committed behind it.
      await cluster.sql("select pg_switch_wal(), pg_create_restore_point('in both')");
      await old.until(await one(cluster.url, 'pg_current_wal_insert_lsn()'));
      await withRecovered(place(), { kind: 'now' }, async ({ url }) => {
        const clock = 'ceil(extract(epoch from clock_timestamp()) * 1000)';
        betweenMs = Number(await one(cluster.url, clock));
        await systemClock.sleep(10);
        for (const n of [2, 2, 2]) await cluster.sql(`insert into marks values (${n})`);
        transaction = await one(cluster.url, 'select max(xmin::text::int) from marks');
        await cluster.sql("select pg_create_restore_point('left behind')");
        const filled = BigInt(await one(cluster.url, "pg_switch_wal() - '0/0'"));
        const end = (filled / segmentBytes + 1n) * segmentBytes;
        while (
          !(await old.log.list()).pieces.some((piece) => piece.end - piece.start === segmentBytes && piece.end === end)
        )
          await systemClock.sleep(50);
        await old.stop();
        const promoted = await startStream(postgresAsset({ url }), repository);
        const toldBehind = async (): Promise<boolean> => {
          const later = (await promoted.log.list()).pieces.filter(({ timeline }) => timeline === 2);
          const marks = await Promise.all(later.map((piece) => promoted.log.marks(piece)));
          return marks.some(({ completeToMs }) => (completeToMs ?? 0) > betweenMs);
        };
        while (!(await toldBehind())) {
          await runSql(url, "select pg_create_restore_point('goes on')");
          await systemClock.sleep(100);
        }
        await promoted.stop();
      });
    });
    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    const refused = (target: RecoveryTarget): Promise<unknown> =>
      replayTo(asset(), repository, target).catch((error: unknown) => error);
    const marksAt = (target: RecoveryTarget): Promise<unknown> =>
      withRecovered(place(), target, async ({ url }) => (await runSql(url, 'select n from marks')).map(({ n }) => n));

    it('a transaction that only it ended is refused along the life that goes on, and comes back along its own', async () => {
      expect(await refused({ kind: 'transaction', text: transaction })).toMatchObject({
        code: 'restore.unknown_target',
        message: expect.stringContaining(`holds no transaction ${transaction};`),
        // The transactions that only the old primary ended are not among those that are there.
        hint: expect.stringMatching(new RegExp(`^It holds (?!.*\\b${transaction}\\b).*Name a moment`)),
      });
      expect(await marksAt({ kind: 'transaction', text: transaction, timeline: 1 })).toEqual([1, 2, 2, 2]);
    });

    it('a name that only it was given is refused along the life that goes on, and is not among those that are there', async () => {
      expect(await refused({ kind: 'name', text: 'left behind' })).toMatchObject({
        code: 'restore.unknown_target',
        hint: expect.stringMatching(/^It holds "goes on", "in both"\. /),
      });
      expect(await marksAt({ kind: 'name', text: 'left behind', timeline: 1 })).toEqual([1, 2, 2, 2]);
    });

    it('its commits do not say where to stop along the life that goes on: a moment before them is all that life has', async () => {
      expect(await marksAt({ kind: 'time', atMs: betweenMs })).toEqual([1]);
      expect(await marksAt({ kind: 'time', atMs: betweenMs, timeline: 1 })).toEqual([1]);
    });
  },
);
