import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress, systemClock } from '../../core/index.ts';
import type { Asset } from '../asset.ts';
import { assetSuite } from '../asset.suite.ts';
import { captureAll } from '../testing/memory-point.ts';
import { damageIndex, make, opened } from './testing/shop.ts';

for (const mode of ['wal', 'delete'] as const) {
  assetSuite(`sqlite (${mode})`, async (folder) => {
    const path = join(folder, 'shop.db');
    make(path, mode);
    const measure = { newest: 'select max(at) from orders', rows: 'select count(*) from orders' };
    return {
      asset: opened(path, measure),
      missing: opened(join(folder, 'nowhere.db')),
      missingCodes: ['asset.unreadable'],
      change: async () => {
        using database = new DatabaseSync(path);
        database.exec(`insert into orders values (3, 1, '2026-11-21 10:00:09')`);
      },
    };
  });
}

describe('sqlite', () => {
  let base: string;
  let path: string;
  let scratch: string;
  let target: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-sqlite-'));
    [path, scratch, target] = [join(base, 'shop.db'), join(base, 'scratch'), join(base, 'restored.db')];
    await mkdir(scratch);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(base, { recursive: true, force: true });
  });

  const restore = async (asset: Asset): Promise<void> => {
    const { point } = await captureAll(asset, scratch);
    await asset.apply(point, target, { progress: silentProgress });
  };
  const valueOf = (file: string, sql: string): unknown => {
    using database = new DatabaseSync(file, { readOnly: true });
    return Object.values(database.prepare(sql).get() ?? {})[0];
  };
  const writer = async (script: string): Promise<ChildProcess> => {
    const opening = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync(${JSON.stringify(path)}, { timeout: 5000 });`;
    const child = spawn(process.execPath, ['-e', opening + script], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout as NodeJS.EventEmitter, 'data');
    return child;
  };

  it('trap: the -wal is part of the database', async () => {
    make(path, 'wal');
    using held = new DatabaseSync(path);
    held.exec(`pragma wal_autocheckpoint = 0; insert into orders values (7, 1, 'only in the log')`);
    await copyFile(path, join(base, 'by-hand.db'));
    await restore(opened(path));
    expect(valueOf(join(base, 'by-hand.db'), 'select count(*) from orders where id = 7')).toBe(0);
    expect(valueOf(target, 'select count(*) from orders where id = 7')).toBe(1);
  });

  for (const mode of ['wal', 'delete'] as const) {
    it(`trap: a busy writer during the backup (${mode}): it ends, and the copy is one moment of the source`, async () => {
      make(path, mode, 'create table pairs (a, b)', 'create table ballast (x)');
      using database = new DatabaseSync(path);
      database.exec(
        'insert into ballast with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) select randomblob(4000) from n',
      );
      // Without a log a writer that never pauses keeps every reader out: there it is a busy one, not a greedy one.
      const pauseMs = mode === 'wal' ? 0 : 5;
      await writer(
        `const pause = new Int32Array(new SharedArrayBuffer(4)); let n = 0; for (;;) { n += 1; try { db.exec('begin immediate; insert into pairs values (' + n + ',' + n + '); commit'); } catch { try { db.exec('rollback') } catch {} } if (n === 20) process.stdout.write('going'); Atomics.wait(pause, 0, 0, ${pauseMs}); }`,
      );
      const startedMs = systemClock.elapsed();
      await restore(opened(path));
      expect(systemClock.elapsed() - startedMs).toBeLessThan(10_000);
      expect(Number(valueOf(target, 'select count(*) from pairs'))).toBeGreaterThanOrEqual(20);
      expect(valueOf(target, 'select count(*) = max(a) and sum(a) = sum(b) from pairs')).toBe(1);
      expect((await opened(path).check({ url: target }, [])).every(({ ok }) => ok)).toBe(true);
    });
  }

  it('trap: a backup in steps starts again under writes; ours is one step, and every acknowledged row is in it', async () => {
    make(path, 'wal', 'create table log (n integer)');
    const child = await writer(
      `for (let n = 1; ; n += 1) { db.exec('insert into log values (' + n + ')'); process.stdout.write(n + '\\n'); }`,
    );
    let acknowledged = 0;
    (child.stdout as NodeJS.EventEmitter).on('data', (lines: Buffer) => {
      acknowledged = Number(lines.toString().trim().split('\n').at(-1));
    });
    for (let turn = 0; turn < 5; turn += 1) {
      await systemClock.sleep(20);
      const before = acknowledged;
      await restore(opened(path));
      expect(Number(valueOf(target, 'select max(n) from log'))).toBeGreaterThanOrEqual(before);
      await rm(target);
    }
    expect(acknowledged).toBeGreaterThan(0);
  });

  it('trap: a stale -wal beside the target would be replayed onto the restored file, so it is in the way', async () => {
    make(path, 'wal');
    for (const sibling of ['-wal', '-shm', '-journal']) {
      await writeFile(`${target}${sibling}`, 'stale');
      expect(await opened(path).obstacles(target)).toEqual([`${target}${sibling}`]);
      await rm(`${target}${sibling}`);
    }
    expect(await opened(path).obstacles(target)).toEqual([]);
  });

  it('trap: an index that misses a row of its table passes quick_check, and is red here', async () => {
    make(path, 'delete');
    await damageIndex(path);
    expect(valueOf(path, 'pragma quick_check')).toBe('ok');
    await restore(opened(path));
    const [whole, references] = await opened(path).check({ url: target }, []);
    expect(whole).toMatchObject({ ok: false, observed: expect.stringContaining('orders_by_time') });
    expect(references).toMatchObject({ ok: true });
  });

  it('a reference without its row is red', async () => {
    make(path, 'delete', 'pragma foreign_keys = off; insert into orders values (8, 77, null)');
    const [, references] = await opened(path).check('source', []);
    expect(references).toMatchObject({
      ok: false,
      observed: expect.stringContaining('orders row 8 names no row of products'),
    });
  });

  it('a hot journal of a crashed program is rolled back before the copy, not copied over', async () => {
    make(path, 'delete', 'create table big (x)', `insert into big values ('kept')`);
    const child = await writer(
      `db.exec('pragma cache_size = 5; begin immediate'); const s = db.prepare('insert into big values (?)'); for (let i = 0; i < 3000; i += 1) s.run('x'.repeat(500)); process.stdout.write('in'); setInterval(() => {}, 1000);`,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(`${path}-journal`)).toBe(true);
    await restore(opened(path));
    expect(valueOf(target, 'select group_concat(x) from big')).toBe('kept');
  });

  it('the log of a crashed program is in the copy', async () => {
    make(path, 'wal');
    const child = await writer(
      `db.exec("insert into orders values (9, 1, 'last')"); process.stdout.write('in'); setInterval(() => {}, 1000);`,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(`${path}-shm`, { force: true });
    await restore(opened(path));
    expect(valueOf(target, `select at from orders where id = 9`)).toBe('last');
  });

  it('a restored copy in WAL mode works after it was renamed, and nothing lies beside it', async () => {
    make(path, 'wal');
    const asset = opened(path);
    await restore(asset);
    const copy = await asset.start(target, { facts: {}, stay: false });
    await asset.check({ url: copy.url }, []);
    await copy.stop();
    await rename(target, join(base, 'elsewhere.db'));
    expect((await readdir(base)).sort()).toEqual(['elsewhere.db', 'scratch', 'shop.db']);
    expect(valueOf(join(base, 'elsewhere.db'), 'pragma journal_mode')).toBe('wal');
    expect(valueOf(join(base, 'elsewhere.db'), 'select count(*) from orders')).toBe(2);
  });

  it('what is no database, damaged or cut is refused before it becomes a point', async () => {
    await writeFile(path, 'this is a letter, not a database. '.repeat(100));
    await expect(captureAll(opened(path), scratch)).rejects.toMatchObject({ code: 'asset.corrupt' });
    await rm(path);
    make(path, 'delete', 'create table t (x)', 'insert into t select randomblob(3000) from orders, orders, products');
    const whole = await readFile(path);
    await truncate(path, whole.length / 2);
    await expect(captureAll(opened(path), scratch)).rejects.toMatchObject({ code: 'asset.corrupt' });
    await truncate(path, 0);
    await expect(captureAll(opened(path), scratch)).rejects.toMatchObject({
      code: 'asset.corrupt',
      message: expect.stringContaining('empty'),
    });
    expect(await readdir(scratch)).toEqual([]);
  });

  it('a folder in place of the database is unreadable, and reading never makes a file', async () => {
    await expect(opened(base).identify()).rejects.toMatchObject({ code: 'asset.unreadable' });
    await expect(opened(path).newest('source')).rejects.toMatchObject({ code: 'asset.unreadable' });
    expect((await opened(path).check('source', [])).every(({ ok }) => !ok)).toBe(true);
    expect(existsSync(path)).toBe(false);
  });

  it('the point keeps mode, owner and journal mode', async () => {
    make(path, 'wal');
    const { facts, point } = await captureAll(opened(path), scratch);
    expect(facts).toMatchObject({ kind: 'snapshot', facts: { journalMode: 'wal' }, warnings: [] });
    const { mode, uid } = await stat(path);
    for await (const entry of point.entries()) expect(entry).toMatchObject({ mode: mode & 0o777, uid });
  });

  it('declared checks ask the copy', async () => {
    make(path, 'delete');
    await restore(opened(path));
    await rm(path);
    const spec = { kind: 'sql', settings: 'select count(*) from orders', expect: 'value == 2' };
    const checks = await opened(path).check({ url: target }, [spec, { ...spec, expect: 'value == 3' }]);
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true, false]);
  });
});
