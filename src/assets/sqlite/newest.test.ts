import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureAll } from '../testing/memory-point.ts';
import { libraryRisk } from './library.ts';
import { make, opened } from './testing/shop.ts';

describe('how far a database goes', () => {
  let base: string;
  let path: string;
  let scratch: string;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-sqlite-'));
    [path, scratch] = [join(base, 'shop.db'), join(base, 'scratch')];
    await mkdir(scratch);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  describe('the newest row by the plan’s query', () => {
    const newestOf = async (query: string): Promise<number | undefined> => {
      await rm(path, { force: true });
      make(path, 'delete');
      return (await opened(path, { newest: query }).newest('source')).atMs;
    };

    it('is UTC where no zone is written, as SQLite itself means it, in whatever zone this machine is', async () => {
      expect(await newestOf('select max(at) from orders')).toBe(Date.parse('2026-11-21T10:00:05Z'));
      expect(await newestOf(`select '2026-11-21'`)).toBe(Date.parse('2026-11-21T00:00:00Z'));
      expect(await newestOf(`select '2026-11-21T10:00:05.250+01:00'`)).toBe(Date.parse('2026-11-21T09:00:05.250Z'));
    });

    it('may be seconds or milliseconds since 1970, whole or not', async () => {
      expect(await newestOf('select 1795255205')).toBe(1_795_255_205_000);
      expect(await newestOf('select 1795255205.5')).toBe(1_795_255_205_500);
      expect(await newestOf('select 1795255205123')).toBe(1_795_255_205_123);
    });

    it('is unknown when there is none, and an error when it is no time', async () => {
      expect(await newestOf('select max(at) from orders where id > 100')).toBeUndefined();
      await expect(newestOf(`select 'yesterday'`)).rejects.toMatchObject({
        code: 'asset.unreadable',
        message: expect.stringContaining('measure.newest'),
      });
    });

    it('does not cost the backup when it is wrong: the point says so', async () => {
      make(path, 'delete');
      const { facts } = await captureAll(opened(path, { newest: 'select max(absent) from orders' }), scratch);
      expect(facts.newest).toBeUndefined();
      expect(facts.warnings).toEqual([expect.stringContaining('no such column')]);
    });
  });

  it('tokens tell any change of a value or its kind apart, and nothing else', async () => {
    const tokenAfter = async (sql: string): Promise<string | undefined> => {
      await rm(path, { force: true });
      make(path, 'delete', sql);
      return (await opened(path).newest('source')).token;
    };
    const plain = await tokenAfter('select 1');
    expect(await tokenAfter('vacuum')).toBe(plain);
    const changes = [
      `update products set name = 'Tea' where id = 1`,
      'update products set price = 1 where id = 1',
      `update products set picture = x'00fe' where id = 1`,
      `update products set picture = 'AP8=' where id = 1`,
      'update products set id = 9223372036854775806 where id > 2',
      'drop index orders_by_time',
      'delete from orders where id = 2',
    ];
    const tokens = [plain];
    for (const change of changes) tokens.push(await tokenAfter(change));
    expect(new Set(tokens).size).toBe(changes.length + 1);
  });
});

it('trap: the WAL-reset bug of SQLite 3.7.0 to 3.51.2 is named for databases in WAL mode', () => {
  expect(libraryRisk('wal', '3.7.0')).toHaveLength(1);
  expect(libraryRisk('wal', '3.51.2')[0]).toContain('3.51.2');
  for (const [mode, version] of [
    ['wal', '3.51.3'],
    ['wal', '3.6.23'],
    ['wal', '3.53.4'],
    ['delete', '3.51.2'],
  ] as const) {
    expect(libraryRisk(mode, version)).toEqual([]);
  }
});
