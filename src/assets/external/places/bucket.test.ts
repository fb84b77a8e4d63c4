import { DatabaseSync } from 'node:sqlite';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed, systemClock } from '../../../core/index.ts';
import { othersS3Bucket } from '../../../stores/s3/index.ts';
import { startTestCluster, runSql } from '../../../testing/postgres/cluster.ts';
import { s3ServerMissing, startFaultProxy, startS3Server, type S3Server } from '../../../testing/s3/index.ts';
import { clientEnvironment, findRestorePrograms } from '../../postgres/logical/index.ts';
import { makeTheirBucket, type TheirBucket } from '../testing/bucket.ts';
import { openExternal, withRestored } from '../testing/restored.ts';
import { BucketPlace } from './bucket.ts';

const missing = s3ServerMissing();
const clients = await findRestorePrograms(15, 15).then(
  (found) => found.clients,
  () => undefined,
);

describe.skipIf(missing !== undefined)(`copies that others keep in a bucket ${missing ?? ''}`, () => {
  let server: S3Server;
  let folder: string;
  let bucket: TheirBucket;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lifeboat-bucket-'));
    server = await startS3Server();
    bucket = await makeTheirBucket(server, 'dumps');
  });
  afterAll(async () => {
    await server.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  const assetOf = (prefix: string, match: string, more: object) =>
    openExternal({ from: { ...bucket.access, prefix, match }, ...more }, folder);

  async function databaseOf(rows: number): Promise<Buffer> {
    const path = join(folder, `${rows}.db`);
    const database = new DatabaseSync(path);
    database.exec('create table t (n integer)');
    for (let n = 0; n < rows; n += 1) database.exec(`insert into t values (${n})`);
    database.close();
    return readFile(path);
  }

  it('are listed by what their names match, oldest first, without what is unfinished or a folder of a console', async () => {
    for (const name of ['shop 2026-11-19 ä.db', 'shop-2026-11-20.db', 'shop-3.db.tmp', 'shop-below/', 'other.db'])
      await bucket.put(`listed/${name}`, Buffer.from(name));
    const listed = await assetOf('listed', 'shop*.db', { as: 'sqlite' }).outside();
    expect(listed.map(({ id, storedBytes, keptIn }) => [id, storedBytes, keptIn])).toEqual([
      ['shop 2026-11-19 ä.db', 21, 's3:dumps/listed/shop*.db'],
      ['shop-2026-11-20.db', 18, 's3:dumps/listed/shop*.db'],
    ]);
    expect(Math.abs((listed[0]?.atMs ?? 0) - Date.now())).toBeLessThan(60_000);
    const named = assetOf('listed/', 'shop*.db', { as: 'sqlite' });
    expect((await named.newest('source')).atMs).toBe(listed[1]?.atMs);
  });

  it('come back as databases of SQLite, and a cut or empty one is red', async () => {
    const bytes = await databaseOf(7);
    await bucket.put('lite/a.db', bytes);
    await bucket.put('lite/b.db.gz', gzipSync(bytes));
    const asset = assetOf('lite', '*.db*', { as: 'sqlite' });
    for (const point of await asset.outside())
      await withRestored(asset, point, async ({ url }) => {
        const database = new DatabaseSync(url, { readOnly: true });
        expect(database.prepare('select count(*) as n from t').get()).toEqual({ n: 7 });
        database.close();
      });
    expect((await asset.check('source', [])).filter(({ ok }) => !ok)).toEqual([]);
    await bucket.put('lite/c.db.gz', gzipSync(bytes).subarray(0, 50));
    await bucket.put('lite/d.db', Buffer.alloc(0));
    const red = (await asset.check('source', [])).filter(({ ok }) => !ok).map(({ name }) => name);
    expect(red).toEqual(['no copy is empty', 'the newest copy is whole']);
    const cut = (await asset.outside()).find(({ id }) => id === 'c.db.gz');
    await expect(withRestored(asset, cut, async () => {})).rejects.toMatchObject({ code: 'asset.corrupt' });
  });

  it('come back as trees of files from archives, whole or not at all', async () => {
    const tree = join(folder, 'tree');
    await mkdir(join(tree, 'below'), { recursive: true });
    await writeFile(join(tree, 'below', 'a'), 'one');
    await symlink('below/a', join(tree, 'link'));
    await mustSucceed(['tar', '-C', tree, '-cf', join(folder, 'tree.tar'), '.']);
    const bytes = await readFile(join(folder, 'tree.tar'));
    await bucket.put('trees/docs.tar.gz', gzipSync(bytes));
    const asset = assetOf('trees', '*', { as: 'files' });
    const [whole] = await asset.outside();
    await withRestored(asset, whole, async ({ url }) => expect(await readFile(join(url, 'link'), 'utf8')).toBe('one'));
    expect((await asset.check('source', [])).find(({ name }) => name === 'the newest copy is whole')).toMatchObject({
      ok: true,
      observed: /an archive of 4 members/,
    });
    // Cut between two members: tar itself calls it whole.
    await bucket.put('trees/half.tar', bytes.subarray(0, 1024));
    const half = (await asset.outside()).find(({ id }) => id === 'half.tar');
    await expect(withRestored(asset, half, async () => {})).rejects.toMatchObject({ code: 'asset.corrupt' });
    expect((await asset.check('source', [])).at(-1)).toMatchObject({ ok: false, observed: /its end is missing/ });
  });

  const lacking = clients === undefined ? ' (not installed: the programs of PostgreSQL 15)' : '';
  it.skipIf(lacking.length > 0)(`come back as servers of PostgreSQL from dumps ${lacking}`, async () => {
    const source = await startTestCluster({ major: 15 });
    try {
      await source.sql('create table orders (id int); insert into orders select generate_series(1, 500)');
      const path = join(folder, 'orders.sql');
      const words = ['--clean', '--if-exists', `--file=${path}`];
      await mustSucceed([join(clients?.folder ?? '', 'pg_dump'), ...words], {
        env: clientEnvironment(source.url, 'postgres'),
      });
      await bucket.put('pg/orders.sql.gz', gzipSync(await readFile(path)));
    } finally {
      await source.destroy();
    }
    const asset = assetOf('pg', 'orders*', { as: 'postgres', database: 'postgres' });
    await withRestored(asset, (await asset.outside())[0], async ({ url }) =>
      expect(await runSql(url, 'select count(*)::int as n from orders')).toMatchObject([{ n: 500 }]),
    );
  });

  const placeAt = (endpoint: string, more: object = {}): BucketPlace =>
    new BucketPlace({ ...bucket.access, bucket: 'dumps', endpoint, ...more } as never, othersS3Bucket, {
      name: 'theirs',
      baseFolder: folder,
      clock: systemClock,
    });
  const read = async (place: BucketPlace, name: string, between?: () => Promise<void>): Promise<string> => {
    const hash = createHash('sha256');
    for await (const part of place.read(name)) {
      hash.update(part);
      await between?.();
    }
    return hash.digest('hex');
  };

  it('of any size come part by part, each byte as it was, although the line breaks in the middle', async () => {
    const bytes = randomBytes(36 * 2 ** 20);
    await bucket.put('large.bin', bytes);
    const proxy = await startFaultProxy(server.port);
    try {
      proxy.meet = ({ method, number }) => (method === 'GET' && number % 4 === 3 ? 'truncated' : undefined);
      expect(await read(placeAt(proxy.endpoint), 'large.bin')).toBe(createHash('sha256').update(bytes).digest('hex'));
    } finally {
      await proxy.close();
    }
  });

  it('that are replaced while they are read are an error, never a mixture', async () => {
    await bucket.put('turned.bin', randomBytes(52 * 2 ** 20));
    let turned = false;
    const turn = async (): Promise<void> => {
      if (!turned) await bucket.put('turned.bin', randomBytes(52 * 2 ** 20));
      turned = true;
    };
    await expect(read(placeAt(server.endpoint), 'turned.bin', turn)).rejects.toMatchObject({
      code: 'asset.unreadable',
      message: /replaced while it was read/,
    });
  });

  it('that cannot be reached, or do not let us in, say so and are never an empty list', async () => {
    const list = (place: BucketPlace) => Array.fromAsync(place.files());
    await expect(list(placeAt('http://127.0.0.1:9'))).rejects.toMatchObject({ code: 'asset.unreachable' });
    await expect(list(placeAt(server.endpoint, { bucket: 'nowhere' }))).rejects.toMatchObject({
      code: 'asset.unreachable',
      message: /bucket of the store is not there/,
    });
    await expect(list(placeAt(server.endpoint, { accessKeyId: 'SOMEBODY' }))).rejects.toMatchObject({
      code: 'asset.denied',
    });
    await expect(read(placeAt(server.endpoint), 'none')).rejects.toMatchObject({ code: 'asset.vanished' });
  });

  it('are reached by settings that fit together', () => {
    const alone = { ...bucket.access, match: '*', secretAccessKey: undefined };
    expect(() => openExternal({ from: alone, as: 'sqlite' }, folder)).toThrow(/accessKeyId and secretAccessKey/);
  });
});
