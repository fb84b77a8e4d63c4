import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecoveryTarget } from '../../log.ts';
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
  type TestStream,
} from '../../../testing/postgres/index.ts';

const missing = !(await installedMajors()).includes(15);

describe.skipIf(missing)(`targets of a recovery${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  let stream: TestStream;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    await cluster.sql('create table marks (n int)');
    stream = await startStream(asset(), repository);
  });
  afterAll(async () => {
    await stream?.stop();
    await repository?.close();
    await cluster?.destroy();
  });

  const asset = () => postgresAsset({ url: cluster.url });
  const one = async (text: string): Promise<string> => String(Object.values((await cluster.sql(text))[0] ?? {})[0]);
  const flushed = async (): Promise<void> => stream.until(await one('select pg_current_wal_flush_lsn()::text'));
  const clockMs = async (): Promise<number> =>
    Number(await one('select ceil(extract(epoch from clock_timestamp()) * 1000)::text from pg_sleep(0.01)'));
  const marksAt = (target: RecoveryTarget): Promise<unknown> =>
    withRecovered({ asset: asset(), repository, folder: cluster.folder }, target, async ({ url }) =>
      (await runSql(url, 'select n from marks order by n')).map(({ n }) => n),
    );

  it('trap "exactly one target, and none that is left over": what the source itself was once recovered to counts for nothing', async () => {
    const leftOver = {
      recovery_target_name: 'never',
      recovery_target_inclusive: 'off',
      recovery_target_action: 'pause',
    };
    for (const [name, value] of Object.entries(leftOver)) await cluster.sql(`alter system set ${name} = '${value}'`);
    await take(asset(), repository);
    for (const name of Object.keys(leftOver)) await cluster.sql(`alter system reset ${name}`);
    await cluster.sql('insert into marks values (1)');
    const transaction = await one('select xmin::text from marks where n = 1');
    await cluster.sql('insert into marks values (2)');
    await flushed();
    expect([
      await marksAt({ kind: 'transaction', text: transaction }),
      await marksAt({ kind: 'transaction', text: transaction, exclusive: true }),
      await marksAt({ kind: 'now' }),
    ]).toEqual([[1], [], [1, 2]]);
  });

  it('trap "a transaction and a name need the right backup": one taken before them is chosen, though newer ones are there', async () => {
    const older = (await repository.points()).points.at(-1)?.id;
    await cluster.sql('insert into marks values (3)');
    const transaction = await one('select xmin::text from marks where n = 3');
    await one(`select pg_create_restore_point('after three')`);
    await cluster.sql('insert into marks values (4)');
    const newer = (await take(asset(), repository)).point.id;
    await cluster.sql('insert into marks values (5)');
    await flushed();
    for (const target of [
      { kind: 'transaction', text: transaction },
      { kind: 'name', text: 'after three' },
    ] as const) {
      expect((await replayTo(asset(), repository, target)).base).toBe(older);
      expect(await marksAt(target)).toEqual([1, 2, 3]);
    }
    expect((await replayTo(asset(), repository, { kind: 'now' })).base).toBe(newer);
  });

  it('trap "a target behind the last commit": is all there is where the server’s clock had passed it, and refused before anything is written where nobody knows', async () => {
    await cluster.sql('insert into marks values (6)');
    const atMs = await clockMs();
    const isReached = async (): Promise<unknown> => {
      await cluster.sql(`select pg_logical_emit_message(false, 'no', 'commit')`);
      await flushed();
      return replayTo(asset(), repository, { kind: 'time', atMs }).then(() => 'reached', String);
    };
    await expect.poll(isReached, { timeout: 30_000, interval: 100 }).toBe('reached');
    expect(await marksAt({ kind: 'time', atMs })).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(replayTo(asset(), repository, { kind: 'time', atMs: atMs + 3_600_000 })).rejects.toMatchObject({
      code: 'restore.unknown_target',
      hint: expect.stringMatching(/^Restore what is there: --at 20/) as string,
    });
  });

  it('trap "the default action is to pause": a copy that came to its target takes writes, on a timeline of its own', async () => {
    const atMs = await clockMs();
    await cluster.sql('insert into marks values (7)');
    await flushed();
    const target = { kind: 'time', atMs } as const;
    await withRecovered({ asset: asset(), repository, folder: cluster.folder }, target, async ({ url, reached }) => {
      await runSql(url, 'insert into marks values (100)');
      expect(await runSql(url, 'select pg_is_in_recovery() as is')).toEqual([{ is: false }]);
      expect(reached?.timeline).toBe(2);
    });
  });

  it('trap "a moment at which the newest point was still being taken": an older one is chosen, and where there is none the first moment that can be restored is named, before anything is written', async () => {
    await cluster.sql('create table busy (n serial)');
    const older = (await take(asset(), repository)).point.id;
    const stop = new AbortController();
    const work = (async () => {
      while (!stop.signal.aborted) await cluster.sql('insert into busy default values');
    })();
    const { point } = await take(asset(), repository);
    stop.abort();
    await work;
    await flushed();
    const busyAt = (target: RecoveryTarget): Promise<number[]> =>
      withRecovered({ asset: asset(), repository, folder: cluster.folder }, target, async ({ url }) =>
        (await runSql(url, 'select n from busy order by n')).map(({ n }) => Number(n)),
      );
    // The point is of a moment before its end, and commits came between the two.
    const early = { kind: 'time', atMs: point.atMs } as const;
    expect((await replayTo(asset(), repository, early)).base).toBe(older);
    const before = await busyAt(early);
    expect(before).toEqual(before.map((_, index) => index + 1));

    for (const { id } of (await repository.points()).points) if (id !== point.id) await repository.forget(id);
    const refusal = await replayTo(asset(), repository, early).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'restore.unreachable_target',
      hint: expect.stringMatching(/^The first moment that can be restored: --at 20\S+Z\.$/) as string,
    });
    const [, first = ''] = /--at (\S+Z)/.exec((refusal as { hint: string }).hint) ?? [];
    const atMs = Date.parse(first);
    expect(atMs).toBeGreaterThan(point.atMs);
    expect((await busyAt({ kind: 'time', atMs })).length).toBeGreaterThan(before.length);
    await expect(replayTo(asset(), repository, { kind: 'time', atMs: atMs - 1 })).rejects.toMatchObject({
      code: 'restore.unreachable_target',
    });
  });
});
