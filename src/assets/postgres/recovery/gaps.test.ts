import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress } from '../../../core/index.ts';
import type { LogPiece, LogReader, LogWriter, RecoveryTarget, Replay, ReplayBase } from '../../log.ts';
import { WatchedLog } from '../../watched-log.ts';
import { lsnText } from '../lsn.ts';
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

describe.skipIf(missing)(
  `a log with a gap is refused${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`,
  () => {
    let cluster: TestCluster;
    let repository: Repository;
    let store: string;
    let tests = 0;

    beforeAll(async () => {
      const small = { max_wal_size: '4MB', min_wal_size: '2MB', wal_keep_size: '0', max_slot_wal_keep_size: '64MB' };
      cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'], settings: small });
      await cluster.sql('create table marks (n int)');
    });
    beforeEach(async () => {
      await repository?.close();
      tests += 1;
      store = join(cluster.folder, `store-${tests}`);
      repository = await makeTestRepository(store);
      await cluster.sql('truncate marks');
    });
    afterAll(async () => {
      await repository?.close();
      await cluster?.destroy();
    });

    const asset = (url = cluster.url) => postgresAsset({ url });
    const place = () => ({ asset: asset(), repository, folder: cluster.folder });
    const positionOf = async (url: string): Promise<string> =>
      String((await runSql(url, 'select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']);
    const refused = (target: RecoveryTarget = { kind: 'now' }): Promise<unknown> =>
      replayTo(asset(), repository, target).catch((error: unknown) => error);
    const marksOf = async (url: string): Promise<unknown[]> =>
      (await runSql(url, 'select n from marks order by n')).map(({ n }) => n);

    /** Each mark in a segment of its own, all in the store. */
    async function streamed(url: string, marks: readonly number[]): Promise<LogWriter> {
      const stream = await startStream(asset(url), repository);
      for (const n of marks) await runSql(url, `insert into marks values (${n}); select pg_switch_wal()`);
      await stream.until(await positionOf(url));
      await stream.stop();
      return stream.log;
    }

    /** 1 and 2 in the first life, 3 and 4 in that of the copy that was promoted. */
    async function twoLives(): Promise<LogWriter> {
      await take(asset(), repository);
      const log = await streamed(cluster.url, [1, 2]);
      await withRecovered(place(), { kind: 'now' }, async ({ url }) => void (await streamed(url, [3, 4])));
      return log;
    }

    const basesOf = async (): Promise<ReplayBase[]> =>
      (await repository.points()).points.map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
    const ownLog = () => asset().log as NonNullable<ReturnType<typeof asset>['log']>;
    const planOf = async (log: LogReader) => ownLog().planReplay(log, await basesOf(), { kind: 'now' }, {});
    const holesOf = async (log: LogReader) => ownLog().holes(log, await basesOf(), {});

    it('trap "a restore that cannot reach the newest timeline must refuse, not stop short": without its history, and where the log ends before the fork', async () => {
      const log = await twoLives();
      expect(await replayTo(asset(), repository, { kind: 'now' })).toMatchObject({ timeline: 2 });
      const before = (await log.list()).pieces.filter(({ timeline }) => timeline === 1);
      const [fork] = (await log.list()).pieces.filter(({ timeline }) => timeline === 2);
      const held = before.findLast(({ start }) => start < (fork as LogPiece).start) as LogPiece;
      const bytes = await log.read(held);
      await log.remove([held]);
      expect(await refused()).toMatchObject({
        code: 'log.gap',
        message: expect.stringMatching(/without a gap up to 0\/[0-9A-F]+ on timeline 1/) as string,
      });
      await log.append(held, bytes, {});
      expect(await replayTo(asset(), repository, { kind: 'now' })).toMatchObject({ timeline: 2 });
      const names = await readdir(join(store, 'logs'), { recursive: true });
      await rm(join(store, 'logs', names.find((name) => name.endsWith('2.history')) as string));
      expect(await refused()).toMatchObject({
        code: 'log.gap',
        message: expect.stringContaining('timeline 2, and its history is missing') as string,
      });
      expect(await refused({ kind: 'time', atMs: Date.now() })).toMatchObject({ code: 'log.gap' });
    });

    it('trap "gaps, also across timeline switches": one just behind the fork is refused, and what is before it can be had', async () => {
      const log = await twoLives();
      const [, second] = (await log.list()).pieces.filter(({ timeline }) => timeline === 2);
      await log.remove([second as LogPiece]);
      expect(await refused()).toMatchObject({
        code: 'log.gap',
        message: expect.stringMatching(/without a gap up to 0\/[0-9A-F]+ on timeline 2/) as string,
        hint: expect.stringContaining('Restore what is there') as string,
      });
      const found = await withRecovered(place(), { kind: 'now', timeline: 1 }, ({ url }) => marksOf(url));
      expect(found).toEqual([1, 2]);
    });

    it('an object that is damaged is refused as one that is missing, with what can be restored before it: also the last, and where its marks cannot be read', async () => {
      await take(asset(), repository);
      const log = await streamed(cluster.url, [1, 2, 3, 4]);
      const { pieces } = await log.list();
      const names = (await readdir(join(store, 'logs'), { recursive: true })).toSorted();
      for (const at of [-1, -2]) {
        const piece = pieces.at(at) as LogPiece;
        const start = piece.start.toString(16).padStart(16, '0');
        const path = join(store, 'logs', names.find((name) => name.includes(`/${start}-`)) as string);
        const bytes = await readFile(path);
        for (const harm of [200, bytes.length - 60]) {
          const harmed = Buffer.from(bytes);
          harmed.writeUInt8(harmed.readUInt8(harm) ^ 1, harm);
          await writeFile(path, harmed);
          const known = new WatchedLog(log, (one) => (one.start === piece.start ? 'logs/it' : undefined));
          const failure = await planOf(known).catch((error: unknown) => error);
          expect(failure, `${at} ${harm}`).toMatchObject({
            code: 'log.gap',
            where: expect.stringMatching(/^logs\//) as string,
            message: expect.stringContaining(
              `it is without a gap up to ${lsnText(piece.start)} on timeline 1, `,
            ) as string,
            hint: expect.stringMatching(/^Restore what is there: --at 20/) as string,
          });
          const [hole] = await holesOf(known);
          expect(hole).toMatchObject({ from: lsnText(piece.start), to: lsnText(piece.end), nextMs: undefined });
        }
        await writeFile(path, bytes);
        const mended = new WatchedLog(log, () => 'logs/it');
        expect([await holesOf(mended), (await planOf(mended))?.timeline]).toEqual([[], 1]);
      }
    });

    it('trap "gaps, also between the end of the backup and the start of the stream": is refused, and a new point is asked for', async () => {
      await take(asset(), repository);
      await cluster.sql(`select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active`);
      for (let round = 0; round < 4; round += 1) {
        await cluster.sql(`insert into marks values (1); select pg_switch_wal()`);
        await cluster.sql('checkpoint');
      }
      const stream = await startStream(asset(), repository);
      await cluster.sql('insert into marks values (2)');
      await stream.until(await positionOf(cluster.url));
      expect(stream.bases).toEqual([expect.stringMatching(/no longer has its log from/)]);
      await stream.stop();
      expect(await refused()).toMatchObject({ code: 'log.gap' });
    });

    it('trap "PostgreSQL calls a gap the end of the archive": a server that promotes happily short of the target is asked how far it came, and not handed over', async () => {
      await take(asset(), repository);
      const log = await streamed(cluster.url, [1, 2, 3, 4]);
      const last = (await log.list()).pieces.at(-2) as LogPiece;
      // What no store may do: right by every hash, and empty.
      const lying: LogReader = {
        id: log.id,
        list: (...words) => log.list(...words),
        marks: (...words) => log.marks(...words),
        history: (...words) => log.history(...words),
        clock: (...words) => log.clock(...words),
        ending: (...words) => log.ending(...words),
        read: async (piece, options) => {
          const bytes = await log.read(piece, options);
          return isLying && piece.start === last.start ? bytes.fill(0) : bytes;
        },
      };
      let isLying = false;
      const { points } = await repository.points();
      const bases = points.map(({ id, atMs, facts }) => ({ id, atMs, facts: facts.facts }));
      const keeping = asset().log as NonNullable<ReturnType<typeof asset>['log']>;
      const replay = (await keeping.planReplay(lying, bases, { kind: 'now' }, {})) as Replay;
      isLying = true;
      const point = await repository.point(replay.base);
      const path = join(cluster.folder, 'short');
      try {
        await asset().apply(await repository.contents(point), path, { progress: silentProgress, replay });
        await expect(asset().start(path, { facts: point.facts.facts, stay: false, replay })).rejects.toMatchObject({
          code: 'asset.start_failed',
          message: expect.stringMatching(/^replay stopped at 0\/[0-9A-F]+, and 0\/[0-9A-F]+ was due$/) as string,
        });
      } finally {
        await replay.close();
      }
    });
  },
);
