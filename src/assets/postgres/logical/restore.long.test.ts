import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, silentProgress } from '../../../core/index.ts';
import { runSql, startTestCluster, type TestCluster } from '../../../testing/postgres/cluster.ts';
import type { Captured, MemoryPoint } from '../../testing/memory-point.ts';
import { dumpFactsOf, type DumpFacts } from './facts.ts';
import { Mount } from '../../../../test/real-faults/machine.ts';
import { whyNoMount } from '../../../testing/mounting.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { apply, capture, filesOf, inDatabase, logicalAsset, pointOf, start } from './testing/source.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();

const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;

describe.skipIf(major === undefined)(`a restore of a dump, at length${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let taken: Captured;
  let contents: Map<string, Buffer>;
  let number = 0;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: major as number });
    await cluster.sql(
      'create table orders (id serial primary key); insert into orders select from generate_series(1, 10)',
    );
    taken = await capture(cluster.url, { databases: ['postgres'] });
    contents = await filesOf(taken);
  }, 60_000);

  afterAll(() => cluster?.destroy());

  /** The point with other facts or files. */
  const changed = (facts: Partial<DumpFacts>, files: Record<string, Buffer> = {}): MemoryPoint =>
    pointOf({ ...taken.point.facts, ...facts }, new Map([...contents, ...Object.entries(files)]));
  const factsWith = (change: (database: DumpFacts['databases'][number]) => object): Partial<DumpFacts> => ({
    databases: dumpFactsOf(taken.point.facts).databases.map((database) => ({ ...database, ...change(database) })),
  });
  const newTarget = (): string => join(cluster.folder, `copy-${(number += 1)}`);
  const applying = (point: MemoryPoint, target = newTarget()): Promise<void> =>
    apply(logicalAsset(cluster.url), { point }, target);
  const serversBelow = async (folder: string): Promise<string[]> =>
    (await mustSucceed(['ps', '-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(`-D ${folder}/copy-`));

  it('trap "collations in the target": a locale that this machine lacks is refused by name', async () => {
    const klingon = factsWith(({ locale }) => ({
      locale: { ...locale, collate: 'tlh_KX.UTF-8', ctype: 'tlh_KX.UTF-8' },
    }));
    await expect(applying(changed(klingon))).rejects.toMatchObject({
      code: 'asset.tool_missing',
      message: expect.stringContaining('tlh_KX.UTF-8'),
    });
    const { locale } = dumpFactsOf(taken.point.facts);
    await expect(applying(changed({ locale: { ...locale, collate: 'tlh_KX.UTF-8' } }))).rejects.toMatchObject({
      code: 'asset.tool_missing',
      message: expect.stringContaining('tlh_KX.UTF-8'),
    });
  });

  it('is stopped by its signal and leaves no server', async () => {
    const stop = new AbortController();
    const point = changed({});
    const reading = point.read.bind(point);
    point.read = (path) => {
      if (path.endsWith('.dump')) stop.abort();
      return reading(path);
    };
    const stopped = logicalAsset(cluster.url).apply(point, newTarget(), {
      progress: silentProgress,
      signal: stop.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'operation.cancelled' });
    expect(await serversBelow(cluster.folder)).toEqual([]);
  });

  it('starts only what was restored from this very point, to its end', async () => {
    const asset = logicalAsset(cluster.url);
    const target = newTarget();
    await apply(asset, taken, target);
    const other = changed({ version: '15.0' });
    await expect(start(asset, { point: other }, target)).rejects.toMatchObject({ code: 'asset.foreign' });
    const copy = await start(asset, taken, target);
    await runSql(copy.url, 'create table made_in_the_copy ()');
    await copy.stop();
    await writeFile(join(target, 'lifeboat_dump.json'), '{}');
    await expect(start(asset, taken, target)).rejects.toMatchObject({ code: 'asset.foreign' });
    await rm(join(target, 'lifeboat_dump.json'));
    await expect(start(asset, taken, target)).rejects.toMatchObject({ code: 'asset.foreign' });
    expect(await serversBelow(cluster.folder)).toEqual([]);
  });

  it('of a managed server, without the passwords of its roles, lets the user of the plan in by a private socket', async () => {
    await cluster.sql(`create role app login password 'app-secret'`);
    await cluster.sql('create database app owner app');
    const url = inDatabase(cluster.urlOf('app', 'app-secret'), 'app');
    await runSql(url, 'create table mine as select generate_series(1, 7) as n');
    const asset = logicalAsset(url, { databases: ['app'], measure: { rows: 'select count(*) from mine' } });
    const app = await capture(url, { databases: ['app'] });
    const target = newTarget();
    await apply(asset, app, target);
    const copy = await start(asset, app, target);
    try {
      expect(await runSql(copy.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
      expect(await runSql(copy.url, 'select current_user::text as who')).toEqual([{ who: 'app' }]);
      expect(await asset.newest({ url: copy.url })).toEqual({ count: 7 });
      expect((await asset.check({ url: copy.url }, [])).filter(({ ok }) => !ok)).toEqual([]);
    } finally {
      await copy.stop();
    }
  });

  it.skipIf(whyNoMount !== undefined).each([48, 62, 76, 90])(
    `on a disk that gets full at %i MB says so, wherever it met it${skippedFor(whyNoMount)}`,
    async (megabytes) => {
      await cluster.sql(
        'create table if not exists large as select repeat(md5(n::text), 30) as filler from generate_series(1, 30000) n',
      );
      const large = await capture(cluster.url, { databases: ['postgres'] });
      const facts = dumpFactsOf(large.point.facts);
      // As if the estimate had been wrong, or somebody else took the room meanwhile.
      const point = pointOf(
        { ...facts, databases: facts.databases.map((one) => ({ ...one, sourceBytes: 0 })) },
        await filesOf(large),
      );
      const disk = Mount.tmpfs(join(cluster.folder, `disk-${megabytes}`), `size=${megabytes}m,mode=711`);
      try {
        await expect(applying(point, join(disk.path, 'copy'))).rejects.toMatchObject({ code: 'restore.no_room' });
        expect((await readdir(disk.path)).filter((name) => name !== 'copy')).toEqual([]);
        expect(await serversBelow(disk.path)).toEqual([]);
      } finally {
        disk.unmount();
      }
    },
  );
});
