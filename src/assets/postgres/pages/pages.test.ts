import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, integer, nat, property } from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits, systemClock } from '../../../core/index.ts';
import type { Repository } from '../../../repository/index.ts';
import {
  installedMajors,
  makeTestRepository,
  postgresAsset,
  runSql,
  startTestCluster,
  take,
  withCopy,
  type TestCluster,
} from '../../../testing/postgres/index.ts';
import { makeInspector, pageBytes, type BadPage } from './page-inspector.ts';

const missing = !(await installedMajors()).includes(15);
const reason = missing ? 'skipped: PostgreSQL 15 is not installed' : 'on PostgreSQL 15';

describe.skipIf(missing)(`pages of a database (${reason})`, () => {
  let cluster: TestCluster;
  let repository: Repository;
  let pages: Buffer;

  beforeAll(async () => {
    cluster = await startTestCluster({ major: 15 });
    repository = await makeTestRepository(join(cluster.folder, 'store'));
    await cluster.sql(`create table rows as select n, repeat('x', 100) as filler from generate_series(1, 2000) as n`);
    await cluster.sql('checkpoint');
    pages = await readFile(await fileOf('rows'));
  });

  afterAll(async () => {
    await repository?.close();
    await cluster?.destroy();
  });

  const fileOf = async (table: string): Promise<string> => {
    const [row] = await cluster.sql(`select pg_relation_filepath('${table}') as path`);
    return join(cluster.dataFolder, String(row?.['path']));
  };

  /** The numbers of the bad pages among these, as if they were those of a relation from `firstBlock` on. */
  const badPages = (bytes: Buffer, firstBlock = 0): number[] => {
    const inspector = makeInspector();
    const room = inspector.room(bytes.length);
    room.set(bytes);
    return inspector
      .inspect(room.subarray(0, bytes.length), 0, { firstBlock })
      .map(({ seen }) => (seen as BadPage).block);
  };

  it('are good as the server wrote them, and empty ones too', () => {
    expect(badPages(pages)).toEqual([]);
    expect(badPages(Buffer.alloc(3 * pageBytes))).toEqual([]);
  });

  it('are bad with any one byte changed', () => {
    const anywhere = nat(pages.length - 1);
    assert(
      property(anywhere, integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(pages);
        damaged[at] = (damaged[at] as number) ^ change;
        expect(badPages(damaged)).toEqual([Math.floor(at / pageBytes)]);
      }),
      { numRuns: 300 },
    );
  });

  it('trap "page checks miss a shifted page": are bad at another place than their own', () => {
    const count = pages.length / pageBytes;
    expect(badPages(pages, 1)).toHaveLength(count);
    expect(badPages(pages.subarray(pageBytes))).toHaveLength(count - 1);
  });

  it('trap "torn pages": that were changed while they were read come back by replay of the log', async () => {
    const file = await fileOf('rows');
    let torn = false;
    const asset = postgresAsset({ url: cluster.url, via: 'files' });
    const taken = await take(asset, repository, {
      seen: async () => {
        if (torn) return;
        torn = true;
        await cluster.sql('update rows set n = -n where n <= 10');
        await cluster.sql('checkpoint');
        await overwrite(file, 5000, 'half a page');
      },
    });
    await withCopy(asset, taken, cluster.folder, async ({ url }) => {
      expect(await runSql(url, 'select count(*)::int as n, sum(n)::int as sum from rows')).toEqual([
        { n: 2000, sum: 2001000 - 110 },
      ]);
    });
    // The server still has the page in its memory.
    await cluster.sql('update rows set n = n');
    await cluster.sql('checkpoint');
  });

  it('trap "a file that changes while it is backed up looks unchanged to the next backup": it is read again', async () => {
    await cluster.sql('create table written as select n from generate_series(1, 1000) as n');
    await cluster.sql('checkpoint');
    const asset = postgresAsset({ url: cluster.url, via: 'files' });
    let isWritten = false;
    const first = await take(asset, repository, {
      // This folder comes when the table's file has been read.
      seen: async ({ path }) => {
        if (isWritten || path !== 'global') return;
        isWritten = true;
        await cluster.sql('update written set n = n + 1');
        await cluster.sql('checkpoint');
      },
    });
    const second = await take(asset, repository, { previous: first.point });
    await systemClock.sleep(limits.stampGranularityMs);
    const third = await take(asset, repository, { previous: second.point });
    const fourth = await take(asset, repository, { previous: third.point });
    for (const taken of [second, fourth]) {
      await withCopy(asset, taken, cluster.folder, async ({ url }) => {
        expect(await runSql(url, 'select sum(n)::int as sum from written')).toEqual([{ sum: 501_500 }]);
      });
    }
    await cluster.sql('drop table written');
  });

  it('that no log brings back are refused, also when they claim to be from the future', async () => {
    const asset = postgresAsset({ url: cluster.url, via: 'files' });
    const file = await fileOf('rows');
    const sound = await readFile(file);
    const future = Buffer.from('ffffffffffffffff', 'hex');
    for (const [at, bytes] of [
      [5000, Buffer.from('rot')],
      [0, future],
    ] as const) {
      await overwrite(file, at, bytes);
      await expect(take(asset, repository)).rejects.toMatchObject({
        code: 'asset.corrupt',
        message: expect.stringMatching(/^the checksum of page 0 in base\/\d+\/\d+ does not match/),
      });
      await overwrite(file, 0, sound);
    }
    await take(asset, repository);
  });
});

async function overwrite(path: string, offset: number, bytes: Buffer | string): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(Buffer.from(bytes), 0, undefined, offset);
  await file.close();
}
