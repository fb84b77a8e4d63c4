import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors, runSql, type TestCluster } from '../../../testing/postgres/cluster.ts';
import type { Captured } from '../../testing/memory-point.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { apply, capture, filesOf, inDatabase, logicalAsset, makeSource, pointOf, start } from './testing/source.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();
const newer = (await installedMajors()).filter((one) => major !== undefined && one > major);

const reason = newer.length === 0 ? 'no newer server is on this machine' : undefined;

describe.skipIf(newer.length === 0)(`a dump${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let taken: Captured;

  beforeAll(async () => {
    cluster = await makeSource(major as number);
    taken = await capture(inDatabase(cluster.url, 'shop'));
  }, 60_000);

  afterAll(() => cluster?.destroy());

  it.each(newer)(
    'comes back in PostgreSQL %i, with every row counted',
    async (target) => {
      const url = inDatabase(cluster.url, 'shop');
      const asset = logicalAsset(url);
      // As if no older server were here: the version of the source is the least that is taken.
      const point = pointOf({ ...taken.point.facts, major: target }, await filesOf(taken));
      const folder = join(cluster.folder, `copy-${target}`);
      await apply(asset, { point }, folder);
      const copy = await start(asset, { point }, folder);
      try {
        expect(await runSql(copy.url, `select current_setting('server_version_num')::int / 10000 as major`)).toEqual([
          { major: target },
        ]);
        expect(await runSql(copy.url, 'select count(*)::int as n, max(id)::int as last from shop.orders')).toEqual([
          { n: 1000, last: 1000 },
        ]);
        expect((await asset.check({ url: copy.url }, [])).filter(({ ok }) => !ok)).toEqual([]);
      } finally {
        await copy.stop();
      }
    },
    120_000,
  );
});
