import { DatabaseSync } from 'node:sqlite';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { mustSucceed, plainEnvironment } from '../../core/index.ts';
import { hasProgram, openExternal, withRestored } from './testing/restored.ts';
import { namedTimeMs } from './named-time.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'lifeboat-kept-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

function makeDatabase(path: string, rows: number): void {
  const database = new DatabaseSync(path);
  database.exec('create table t (n integer)');
  for (let n = 0; n < rows; n += 1) database.exec(`insert into t values (${n})`);
  database.close();
}

const countOf = (path: string): unknown => {
  const database = new DatabaseSync(path, { readOnly: true });
  const row = database.prepare('select count(*) as n from t').get();
  database.close();
  return row?.['n'];
};

describe('copies of a database file in a folder', () => {
  const settings = { from: { folder: 'dumps', match: 'shop-*.db*' }, as: 'sqlite' };

  beforeEach(async () => {
    await mkdir(join(folder, 'dumps'));
    for (const rows of [1, 2, 3]) {
      makeDatabase(join(folder, `shop.db`), rows);
      const bytes = await readFile(join(folder, 'shop.db'));
      const name = join(folder, 'dumps', `shop-${rows}.db${['', '', '.gz', '.zst'][rows]}`);
      await writeFile(name, [bytes, bytes, gzipSync(bytes), zstdCompressSync(bytes)][rows] as Buffer);
      await utimes(name, 1_700_000_000 + rows, 1_700_000_000 + rows);
      await rm(join(folder, 'shop.db'));
    }
  });

  it('are listed oldest first, without what is still being written', async () => {
    await writeFile(join(folder, 'dumps', 'shop-4.db.tmp'), 'half');
    const listed = await openExternal(settings, folder).outside();
    expect(listed.map(({ id, atMs }) => [id, atMs])).toEqual([
      ['shop-1.db', 1_700_000_001_000],
      ['shop-2.db.gz', 1_700_000_002_000],
      ['shop-3.db.zst', 1_700_000_003_000],
    ]);
  });

  it('are restored unpacked, and checked as the database that they are', async () => {
    const asset = openExternal(settings, folder);
    for (const [index, point] of (await asset.outside()).entries()) {
      await withRestored(asset, point, async ({ url }) => {
        expect(countOf(url)).toBe(index + 1);
        expect((await asset.check({ url }, [])).every(({ ok }) => ok)).toBe(true);
      });
    }
  });

  it('that were cut are found by a check and refused by a restore', async () => {
    const asset = openExternal(settings, folder);
    const newest = join(folder, 'dumps', 'shop-3.db.zst');
    await truncate(newest, (await stat(newest)).size - 9);
    const red = (await asset.check('source', [])).filter(({ ok }) => !ok);
    expect(red).toMatchObject([{ name: 'the newest copy is whole' }]);
    const [, , point] = await asset.outside();
    await expect(withRestored(asset, point, async () => {})).rejects.toMatchObject({ code: 'asset.corrupt' });
  });

  it('that are empty are red, for a dump that failed behind a pipe leaves one', async () => {
    await writeFile(join(folder, 'dumps', 'shop-0.db'), '');
    const results = await openExternal(settings, folder).check('source', []);
    expect(results.find(({ name }) => name === 'no copy is empty')).toMatchObject({ ok: false, observed: 'shop-0.db' });
  });

  it('are not made by a backup, and a folder that is not there is said to be missing', async () => {
    const asset = openExternal(settings, folder);
    const capture = asset.capture({} as never);
    await expect(capture.next()).rejects.toMatchObject({ code: 'asset.unsupported' });
    const missing = openExternal({ ...settings, from: { folder: 'none', match: '*' } }, folder);
    await expect(missing.outside()).rejects.toMatchObject({ code: 'asset.unreadable' });
    await expect(
      withRestored(asset, { ...(await asset.outside())[0]!, id: '../shop.db' }, async () => {}),
    ).rejects.toMatchObject({ code: 'point.missing' });
  });

  it('that are encrypted pass through the programs that the plan names, and a wrong key is an error', async () => {
    if (!(await hasProgram('openssl'))) return;
    const key = join(folder, 'key');
    await writeFile(key, 'correct horse');
    makeDatabase(join(folder, 'one.db'), 5);
    await writeFile(join(folder, 'one.db.gz'), gzipSync(await readFile(join(folder, 'one.db'))));
    const words = ['enc', '-aes-256-cbc', '-pbkdf2', '-pass', `file:${key}`];
    const sealed = join(folder, 'dumps', 'shop-9.db.gz.enc');
    await mustSucceed(['openssl', ...words, '-in', join(folder, 'one.db.gz'), '-out', sealed]);
    const asset = openExternal({ ...settings, decode: [['openssl', ...words, '-d']] }, folder);
    const point = (await asset.outside()).at(-1);
    await withRestored(asset, point, async ({ url }) => expect(countOf(url)).toBe(5));
    await writeFile(key, 'wrong');
    await expect(withRestored(asset, point, async () => {})).rejects.toMatchObject({
      code: /process.failed|asset.corrupt/,
    });
  });
});

test('the date in a name is the moment of a copy, in the zone that the plan says', () => {
  expect(namedTimeMs('orders-2026-11-21T02:30.sql.gz', 'UTC')).toBe(Date.UTC(2026, 10, 21, 2, 30));
  expect(namedTimeMs('orders_20260701_023000.dump', 'Europe/Berlin')).toBe(Date.UTC(2026, 6, 1, 0, 30));
  expect(namedTimeMs('db-2026-11-21T02-30-15Z.sql', 'Europe/Berlin')).toBe(Date.UTC(2026, 10, 21, 2, 30, 15));
  expect(namedTimeMs('db-2026-11-21.sql', 'UTC')).toBe(Date.UTC(2026, 10, 21));
  expect(namedTimeMs('db-latest.sql', 'UTC')).toBeUndefined();
  expect(namedTimeMs('invoice-120261121.sql', 'UTC')).toBeUndefined();
});

const restic = (await hasProgram('restic')) ? '' : ' (skipped: restic is not installed)';

describe.skipIf(restic.length > 0)(`snapshots of restic${restic}`, () => {
  let env: Record<string, string>;
  const from = { restic: 'repository', password: { file: '' } };
  beforeEach(async () => {
    const password = join(folder, 'password');
    await writeFile(password, 'correct horse\n');
    from.password = { file: password };
    env = plainEnvironment({ RESTIC_REPOSITORY: join(folder, 'repository'), RESTIC_PASSWORD: 'correct horse' });
    await mustSucceed(['restic', 'init'], { env });
    await mkdir(join(folder, 'data', 'below'), { recursive: true });
    await writeFile(join(folder, 'data', 'below', 'a'), 'one');
    await symlink('below/a', join(folder, 'data', 'link'));
    makeDatabase(join(folder, 'data', 'shop.db'), 7);
    await mustSucceed(['restic', 'backup', join(folder, 'data')], { env });
  });

  it('come back as the tree that was backed up, and restic’s own check is asked', async () => {
    const asset = openExternal({ from, as: 'files' }, folder);
    const listed = await asset.outside();
    expect(listed).toHaveLength(1);
    await withRestored(asset, listed[0], async ({ url }) => {
      expect(await readFile(join(url, 'link'), 'utf8')).toBe('one');
      expect((await asset.check({ url }, [])).every(({ ok }) => ok)).toBe(true);
    });
    expect((await asset.check('source', [])).map(({ name, ok }) => [name, ok])).toEqual([
      ['there are snapshots', true],
      ['restic check', true],
    ]);
  });

  it('give the one file that is the copy', async () => {
    const path = join(folder, 'data', 'shop.db');
    const asset = openExternal({ from: { ...from, path }, as: 'sqlite' }, folder);
    const [point] = await asset.outside();
    await withRestored(asset, point, async ({ url }) => expect(countOf(url)).toBe(7));
  });

  it('with damage, or behind a wrong password, are red or an error, never empty', async () => {
    const asset = openExternal({ from, as: 'files' }, folder);
    await mustSucceed(['sh', '-c', `rm -r ${join(folder, 'repository', 'data')}/*`]);
    const results = await asset.check('source', []);
    expect(results.find(({ name }) => name === 'restic check')?.ok).toBe(false);
    // Asked to stop it ends at once: restic tries for a quarter of an hour to read what is gone.
    const stop = AbortSignal.timeout(1_500);
    const restore = withRestored(asset, (await asset.outside())[0], async () => {}, stop);
    await expect(restore).rejects.toMatchObject({ code: 'operation.cancelled' });
    await writeFile(from.password.file, 'wrong');
    await expect(asset.outside()).rejects.toMatchObject({ code: 'process.failed', message: /wrong password/ });
  });
});

describe('copies that programs of the plan list and fetch', () => {
  const fetch = ['sh', '-c', 'cat "$0.db"', '{}'];
  beforeEach(async () => makeDatabase(join(folder, 'one.db'), 4));

  it('are listed by lines of JSON and come through a pipe', async () => {
    const list = ['echo', '{"id":"one","at":"2026-11-21T02:00:00+01:00","bytes":12}'];
    const asset = openExternal({ from: { list, fetch, check: ['false'] }, as: 'sqlite' }, folder);
    const [point] = await asset.outside();
    expect(point).toMatchObject({ id: 'one', atMs: Date.UTC(2026, 10, 21, 1), storedBytes: 12 });
    await withRestored(asset, point, async ({ url }) => expect(countOf(url)).toBe(4));
    expect((await asset.check('source', [])).map(({ ok }) => ok)).toEqual([true, false, true]);
  });

  it('with an answer that is not understood are an error that names the line', async () => {
    for (const line of ['nonsense', '{"id":"-rf","at":"2026-11-21T02:00:00Z"}', '{"id":"a","at":"yesterday"}']) {
      const asset = openExternal({ from: { list: ['echo', line], fetch }, as: 'sqlite' }, folder);
      await expect(asset.outside()).rejects.toMatchObject({ code: 'process.failed', message: /line 1/ });
    }
    const failing = openExternal({ from: { list: ['sh', '-c', 'echo no >&2; exit 3'], fetch }, as: 'sqlite' }, folder);
    await expect(failing.outside()).rejects.toMatchObject({ code: 'process.failed', message: /exit code 3: no/ });
  });

  it('with a fetch that fails in the middle leave nothing behind', async () => {
    const list = ['echo', '{"id":"one","at":"2026-11-21T02:00:00Z"}'];
    const half = ['sh', '-c', 'head -c 100 "$0.db"; exit 1', '{}'];
    const asset = openExternal({ from: { list, fetch: half }, as: 'sqlite' }, folder);
    await expect(withRestored(asset, (await asset.outside())[0], async () => {})).rejects.toMatchObject({
      code: 'process.failed',
    });
  });
});
