import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedMajors } from '../../../testing/postgres/index.ts';
import { TablesShop } from './testing/tables-shop.ts';

const major = (await installedMajors()).find((one) => existsSync(`/usr/lib/postgresql/${one}/bin/pg_dump`));

const reason = major === undefined ? '(skipped: no server with its pg_dump)' : '';

describe.skipIf(major === undefined)(`many tables out of a point ${reason}`, () => {
  let shop: TablesShop;
  beforeAll(async () => {
    shop = await TablesShop.make(major as number);
  });
  afterAll(async () => {
    await shop?.destroy();
  });

  it('a whole schema comes back with what belongs to it, partitions among it', async () => {
    const events = await shop.hash('shop.events');
    await shop.sql('drop schema shop cascade');
    await shop.bring(['shop.*']);
    expect(await shop.hash('shop.events')).toBe(events);
    expect(await shop.one('select count(*)::int from shop.totals')).toBe(1);
    await shop.sql('delete from shop.events where id < 100');
    const part = await shop.bring(['shop.events'], 'skip');
    expect(part.tables).toEqual([{ as: 'shop.events', inserted: 99, replaced: 0 }]);
    expect(await shop.hash('shop.events')).toBe(events);
  });

  it('another schema takes a copy that is tied to nothing, and only once', async () => {
    const done = await shop.bring(['shop.orders', 'shop.events'], { schema: 'aside' });
    expect(done.figures).toMatchObject([
      { table: 'shop.events', as: 'aside.events' },
      { table: 'shop.orders', as: 'aside.orders' },
    ]);
    expect(done.warnings.join()).toMatch(/no foreign key .* no trigger noted/);
    expect(await shop.one('select count(*)::int from aside.events_2025')).toBe(213);
    await expect(shop.bring(['shop.orders'], { schema: 'aside' })).rejects.toMatchObject({
      code: 'restore.target_not_empty',
    });
  });

  it('a file takes an archive or statements, and never the place of another', async () => {
    for (const name of ['orders.dump', 'orders.sql']) {
      const file = join(shop.cluster.folder, name);
      const done = await shop.bring(['shop.orders', 'shop.events'], 'fail', { target: { file } });
      expect(done).toMatchObject({ outlook: { server: undefined }, figures: [{ rows: 400 }, { rows: 1000 }] });
      await expect(shop.bring(['shop.orders'], 'fail', { target: { file } })).rejects.toMatchObject({
        code: 'restore.target_not_empty',
      });
    }
    expect(await readFile(join(shop.cluster.folder, 'orders.sql'), 'utf8')).toContain('COPY "shop"."orders"');
    expect((await readdir(shop.cluster.folder)).filter((name) => name.includes('lifeboat-'))).toEqual([]);
  });

  it('a million rows pass in a bounded memory', async () => {
    await shop.sql('create table shop.big (id int primary key, filler text)');
    await shop.sql(`insert into shop.big select n, repeat('x', 100) from generate_series(1, 1000000) n`);
    const large = await TablesShop.of(shop.cluster, 'large');
    await shop.sql('delete from shop.big where id % 10 = 0');
    const before = process.memoryUsage().rss;
    const done = await large.bring(['shop.big'], 'skip');
    expect(done.tables).toEqual([{ as: 'shop.big', inserted: 100_000, replaced: 0 }]);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 2 ** 20);
    await large.close();
  });
});
