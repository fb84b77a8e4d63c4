import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentProgress } from '../../../core/index.ts';
import type { LogReader, RecoveryTarget, Replay } from '../../log.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startStream,
  startTestCluster,
  take,
  type TestCluster,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(
  `a restore while the stream goes on${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    const asset = () => postgresAsset({ url: cluster.url });
    const position = async (): Promise<string> =>
      String((await cluster.sql('select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']);

    beforeAll(async () => {
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
      repository = await makeTestRepository(join(cluster.folder, 'store'));
      await cluster.sql('create table marks (n int)');
      await take(asset(), repository);
    });
    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    /** A segment in several pieces, the last of which holds the commit of this number; the transaction that wrote it, and a moment behind it. */
    async function inPieces(n: number): Promise<{ transaction: string; behindMs: number }> {
      const stream = await startStream(asset(), repository, { everyMs: 20 });
      for (let piece = 0; piece < 3; piece += 1) {
        await cluster.sql(`select pg_logical_emit_message(false, 'piece', '${piece}')`);
        await stream.until(await position());
      }
      const [row] = await cluster.sql(`insert into marks values (${n}) returning pg_current_xact_id()::text as id`);
      const clock = 'select ceil(extract(epoch from clock_timestamp()) * 1000)::text as at from pg_sleep(0.02)';
      const behindMs = Number((await cluster.sql(clock))[0]?.['at']);
      await cluster.sql(`select pg_sleep(0.02), pg_logical_emit_message(true, 'later', 'than that moment')`);
      await stream.until(await position());
      await stream.stop();
      return { transaction: String(row?.['id']), behindMs };
    }

    /** The segment is full, stands whole in the store, and its pieces are gone. */
    async function goOn(): Promise<void> {
      const stream = await startStream(asset(), repository, { everyMs: 20 });
      const open = (await stream.log.list()).pieces.at(-1);
      await cluster.sql('insert into marks values (1000); select pg_switch_wal(); insert into marks values (1001)');
      await stream.until(await position());
      const isOpen = async (): Promise<boolean> =>
        (await stream.log.list()).pieces.some(({ start, end }) => start === open?.start && end === open.end);
      await expect.poll(isOpen, { timeout: 20_000 }).toBe(false);
      await stream.stop();
    }

    const plan = async (target: RecoveryTarget, afterLook: () => Promise<void>): Promise<Replay> => {
      const keeping = asset().log as NonNullable<ReturnType<typeof asset>['log']>;
      const { points } = await repository.points();
      const log = repository.log(asset().name, await keeping.source());
      let isBefore = true;
      const moving: LogReader = {
        id: log.id,
        read: (...words) => log.read(...words),
        marks: (...words) => log.marks(...words),
        history: (...words) => log.history(...words),
        clock: (...words) => log.clock(...words),
        ending: (...words) => log.ending(...words),
        list: async (...words) => {
          const listing = await log.list(...words);
          if (isBefore) await afterLook();
          isBefore = false;
          return listing;
        },
      };
      const bases = points.map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
      return (await keeping.planReplay(moving, bases, target, {})) as Replay;
    };

    const restored = async (replay: Replay): Promise<unknown[]> => {
      const path = join(cluster.folder, `copy-${replay.to.replace('/', '-')}`);
      try {
        const point = await repository.point(replay.base);
        await asset().apply(await repository.contents(point), path, { progress: silentProgress, replay });
        const copy = await asset().start(path, { facts: point.facts.facts, stay: false, replay });
        try {
          return (await runSql(copy.url, 'select n from marks where n < 1000 order by n')).map(({ n }) => n);
        } finally {
          await copy.stop();
        }
      } finally {
        await replay.close();
      }
    };

    it('finds a transaction whose piece went between the look and the read, and comes to just before it', async () => {
      const { transaction } = await inPieces(1);
      const target = { kind: 'transaction', text: transaction, exclusive: true } as const;
      expect(await restored(await plan(target, goOn))).toEqual([]);
    });

    it('finds a moment whose piece went between the look and the read, though what came in its place ends later', async () => {
      const { behindMs } = await inPieces(2);
      expect(await restored(await plan({ kind: 'time', atMs: behindMs }, goOn))).toEqual([1, 2]);
    });

    it('reads what went between the plan and the fetching from the whole segment', async () => {
      const { transaction } = await inPieces(3);
      const replay = await plan({ kind: 'transaction', text: transaction }, async () => {});
      await goOn();
      expect(await restored(replay)).toEqual([1, 2, 3]);
    });

    it('a name that is nowhere is looked for once more at most, however much of the log was replaced meanwhile', async () => {
      const keeping = asset().log as NonNullable<ReturnType<typeof asset>['log']>;
      const log = repository.log(asset().name, await keeping.source());
      let looks = 0;
      const moving: LogReader = {
        id: log.id,
        read: (...words) => log.read(...words),
        marks: (...words) => log.marks(...words),
        history: (...words) => log.history(...words),
        clock: (...words) => log.clock(...words),
        ending: (...words) => log.ending(...words),
        list: async (...words) => {
          looks += 1;
          if (looks > 1) await goOn();
          await inPieces(1000);
          return log.list(...words);
        },
      };
      const { points } = await repository.points();
      const bases = points.map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
      const target = { kind: 'name', text: 'nowhere' } as const;
      await expect(keeping.planReplay(moving, bases, target, {})).rejects.toMatchObject({
        code: 'restore.unknown_target',
      });
      expect(looks).toBe(2);
    });
  },
);
