import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { lsnValue } from '../base/end-of-backup.ts';
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

describe.skipIf(missing)(`timelines${missing ? ' (skipped: PostgreSQL 15 is not installed)' : ''}`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  const asset = () => postgresAsset({ url: cluster.url });
  const place = () => ({ asset: asset(), repository, folder: cluster.folder });
  const positionOf = async (url: string): Promise<string> =>
    String((await runSql(url, 'select pg_current_wal_flush_lsn()::text as at'))[0]?.['at']);

  /** By the clock of the copy that was promoted, between its two commits. */
  let betweenMs = 0;

  /** 1 in both lives; then the old primary, that nobody stopped, writes 2, and the copy that was promoted writes 3 and 4. */
  beforeAll(async () => {
    cluster = await startTestCluster({ major: 15, initdb: ['--wal-segsize=1'] });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    await cluster.sql('create table marks (n int)');
    await take(asset(), repository);
    const old = await startStream(asset(), repository);
    await cluster.sql('insert into marks values (1)');
    await old.until(await positionOf(cluster.url));
    await withRecovered(place(), { kind: 'now' }, async ({ url }) => {
      await cluster.sql('insert into marks values (2)');
      await old.until(await positionOf(cluster.url));
      await old.stop();
      const promoted = await startStream(postgresAsset({ url }), repository);
      await runSql(url, 'insert into marks values (3)');
      const clock = 'select ceil(extract(epoch from clock_timestamp()) * 1000)::text as at from pg_sleep(0.01)';
      betweenMs = Number((await runSql(url, clock))[0]?.['at']);
      await runSql(url, 'select pg_sleep(0.01)');
      await runSql(url, 'insert into marks values (4); select pg_switch_wal()');
      while (!(await promoted.log.list()).pieces.some(({ timeline }) => timeline === 2)) await systemClock.sleep(50);
      await promoted.until(await positionOf(url));
      await promoted.stop();
    });
  });
  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  const marksOf = (
    timeline: NonNullable<RecoveryTarget['timeline']>,
    target: RecoveryTarget = { kind: 'now' },
  ): Promise<unknown> =>
    withRecovered(place(), { ...target, timeline }, async ({ url, reached }) => ({
      marks: (await runSql(url, 'select n from marks order by n')).map(({ n }) => n),
      timeline: reached?.timeline,
    }));
  const refused = (target: RecoveryTarget): Promise<unknown> =>
    replayTo(asset(), repository, target).catch((error: unknown) => error);

  it('trap "timelines": each life comes back along its own, and the copy is on one that no other has', async () => {
    expect(await marksOf('latest')).toEqual({ marks: [1, 3, 4], timeline: 3 });
    expect(await marksOf(1)).toEqual({ marks: [1, 2], timeline: 3 });
  });

  it('a moment behind the fork comes back along the life that had it; along the other it is refused with the last that is there', async () => {
    expect(await marksOf('latest', { kind: 'time', atMs: betweenMs })).toEqual({ marks: [1, 3], timeline: 3 });
    expect(await refused({ kind: 'time', atMs: betweenMs, timeline: 1 })).toMatchObject({
      code: 'restore.unknown_target',
      message: expect.stringMatching(/without a gap up to 0\/[0-9A-F]+ on timeline 1, 20/),
      hint: expect.stringMatching(/^Restore what is there: --at 20/),
    });
  });

  it('the current one is that of the point', async () => {
    expect((await replayTo(asset(), repository, { kind: 'now', timeline: 'current' })).timeline).toBe(1);
    expect((await replayTo(asset(), repository, { kind: 'now', timeline: 'latest' })).timeline).toBe(2);
  });

  it('the way is told timeline by timeline, with what the store holds of it', async () => {
    const { ranges } = await replayTo(asset(), repository, { kind: 'now' });
    expect(ranges.map(({ timeline }) => timeline)).toEqual([1, 2]);
    for (const { pieces, storedBytes } of ranges) expect(Math.min(pieces, storedBytes)).toBeGreaterThan(0);
    expect(ranges[1]?.bytes).toBeGreaterThan(0);
  });

  it('one that is not there is refused with those that are, and how far each goes', async () => {
    expect(await refused({ kind: 'now', timeline: 7 })).toMatchObject({
      code: 'restore.unknown_target',
      message: 'the log has no timeline 7; it has 1, 2',
      hint: expect.stringMatching(/--timeline 1 \(up to 0\/[0-9A-F]+, from the point of 20.*--timeline 2 \(up to 0\//),
    });
  });

  it('a position that only the other life has is refused with what is reachable', async () => {
    const [range] = (await replayTo(asset(), repository, { kind: 'now', timeline: 1 })).ranges;
    const beyond = `0/${(Number.parseInt(String(range?.to.slice(2)), 16) + 2 ** 24).toString(16).toUpperCase()}`;
    expect(await refused({ kind: 'position', text: beyond, timeline: 1 })).toMatchObject({
      code: 'restore.unknown_target',
      message: expect.stringMatching(/without a gap up to 0\/[0-9A-F]+ on timeline 1/),
    });
  });

  it('an old primary that nobody stopped, and that still streams, is told that a restore follows the other life; who restores is told of what it wrote later', async () => {
    const zombie = await startStream(asset(), repository);
    await cluster.sql('insert into marks values (5)');
    await zombie.until(await positionOf(cluster.url));
    await expect.poll(() => zombie.states.some(({ state }) => state === 'streaming'), { timeout: 10_000 }).toBe(true);
    const [found] = zombie.states.filter(({ passedBy }) => passedBy !== undefined);
    expect(found).toMatchObject({ state: 'finding', passedBy: { timeline: 2, stores: ['near'] } });
    expect(found?.reason).toMatch(/^the server lives on timeline 1, .* a restore without --timeline follows that one$/);
    await expect
      .poll(() => zombie.states.at(-1), { timeout: 10_000 })
      .toMatchObject({ state: 'streaming', passedBy: { timeline: 2 } });
    // The positions of the other life may be further on: that this one is stored shows in its own pieces.
    const at = zombie.states.at(-1)?.server ?? '0/0';
    while (!(await zombie.log.list()).pieces.some((piece) => piece.timeline === 1 && piece.end >= lsnValue(at)))
      await systemClock.sleep(50);
    await zombie.stop();
    const { timeline, later } = await replayTo(asset(), repository, { kind: 'now' });
    expect({ timeline, later }).toEqual({ timeline: 2, later: [{ timeline: 1, reachableMs: expect.any(Number) }] });
    expect((await replayTo(asset(), repository, { kind: 'now', timeline: 2 })).later).toEqual([]);
  });

  it('trap "the timeline must contain the end of the backup": a point of the old life leads to no other', async () => {
    const taken = await take(asset(), repository);
    expect(taken.facts.facts['timeline']).toBe(1);
    const other = expect.not.stringMatching(taken.point.id) as string;
    for (const timeline of [2, 'latest'] as const)
      expect(await replayTo(asset(), repository, { kind: 'now', timeline })).toMatchObject({
        timeline: 2,
        base: other,
      });
    const onlyThat = taken.point.id;
    for (const { id } of (await repository.points()).points) if (id !== onlyThat) await repository.forget(id);
    expect(await refused({ kind: 'now' })).toMatchObject({ code: 'log.gap' });
  });
});
