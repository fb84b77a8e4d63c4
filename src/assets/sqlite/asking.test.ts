import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { asked } from './asking.ts';
import { checkDatabase } from './check.ts';
import { make } from './testing/shop.ts';

describe('a check of a large database', () => {
  let base: string;
  let path: string;

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-sqlite-'));
    path = join(base, 'large.db');
    make(path, 'delete', 'create table large (n integer primary key, x)');
    using database = new DatabaseSync(path);
    database.exec(
      'insert into large with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) select i, randomblob(900) from n; create index by_x on large (x)',
    );
  });
  afterAll(() => rm(base, { recursive: true, force: true }));

  it('leaves the process to its other work', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const results = await checkDatabase(path, systemClock);
    clearInterval(timer);
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(turns).toBeGreaterThan(20);
  });

  it('is given up at once when it is stopped', async () => {
    const stop = new AbortController();
    const answer = asked({ file: path, ask: 'integrity_check' }, stop.signal);
    setTimeout(() => stop.abort(), 40);
    await expect(answer).rejects.toMatchObject({ code: 'operation.cancelled' });
    await expect(checkDatabase(path, systemClock, stop.signal)).rejects.toMatchObject({ code: 'operation.cancelled' });
  });

  it('says in our words why it cannot be asked, and counts what it does not list', async () => {
    await expect(asked({ file: join(base, 'nowhere'), ask: 'quick_check' })).rejects.toMatchObject({
      code: 'asset.unreadable',
    });
    expect(existsSync(join(base, 'nowhere'))).toBe(false);
    const orphans = join(base, 'orphans.db');
    make(orphans, 'delete', 'pragma foreign_keys = off');
    {
      using database = new DatabaseSync(orphans);
      database.exec(
        'pragma foreign_keys = off; insert into orders with recursive n(i) as (select 10 union all select i + 1 from n where i < 509) select i, 77, null from n',
      );
    }
    const { findings, count } = await asked({ file: orphans, ask: 'foreign_key_check' });
    expect(count).toBe(500);
    expect(findings.length).toBeLessThan(50);
  });
});
