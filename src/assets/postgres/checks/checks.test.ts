import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkKinds, parseCheck, runCheck, type CheckResult } from '../../../checks/index.ts';
import { systemClock } from '../../../core/index.ts';
import { installedMajors, startTestCluster, type TestCluster } from '../../../testing/postgres/index.ts';
import { pageBytes } from '../pages/page-inspector.ts';
import { postgresChecks } from './index.ts';

const installed = await installedMajors();
const kinds = [...checkKinds, ...postgresChecks];

for (const major of [15, 18]) {
  const missing = !installed.includes(major);
  describe.skipIf(missing)(`checks of a PostgreSQL ${major}${missing ? ' (skipped: not installed)' : ''}`, () => {
    let cluster: TestCluster;
    const sql = (text: string) => cluster.sql(text, 'shop');
    const ask = (written: Record<string, unknown>, more: { dataOfMs?: number } = {}): Promise<CheckResult> =>
      runCheck(parseCheck(written, kinds), kinds, {
        clock: systemClock,
        baseFolder: '/',
        databaseUrl: cluster.url.replace(/\/postgres$/, '/shop'),
        ...more,
      });
    const red = (observed: RegExp) => ({ ok: false, observed: expect.stringMatching(observed) as string });

    beforeAll(async () => {
      cluster = await startTestCluster({ major });
      // Of a copy, which may be given the module for the time of a check.
      await cluster.restart({ cluster_name: 'lifeboat restored copy' });
      await cluster.sql('create database shop');
      await sql(`create table customers (id int primary key, name text not null);
        create table orders (id int primary key, customer int references customers, placed_at timestamptz not null, note text);
        insert into customers select n, 'customer ' || n from generate_series(1, 200) n;
        alter table orders alter column note set storage external;
        insert into orders select n, 1 + n % 200, '2026-11-01 12:00+00', repeat('x', 5000) from generate_series(1, 300) n`);
    });
    afterAll(() => cluster?.destroy());

    it('are green on a sound database, and say what they looked at', async () => {
      for (const [written, observed] of [
        [{ amcheck: 'all' }, /^\d\d+ tables and indexes are sound$/],
        [{ amcheck: 'indexes', expect: 'looked > 20 && wrong == 0' }, /sound$/],
        [{ orphans: 'all' }, /^1 foreign keys hold$/],
        [{ orphans: 'select id from orders where customer is null' }, /gives no row$/],
        [{ read: 'all' }, /^\d\d+ tables were read$/],
        [{ pages: 'all' }, /^\d+ pages fit/],
      ] as const) {
        expect(await ask(written)).toMatchObject({ ok: true, observed: expect.stringMatching(observed) as string });
      }
      expect(await sql(`select 1 from pg_extension where extname = 'amcheck'`)).toEqual([]);
    });

    it('the newest row is judged by the moment that the data is of', async () => {
      const newest = { newest: { query: 'select max(placed_at) from orders', within: '1h' } };
      expect(await ask(newest, { dataOfMs: Date.parse('2026-11-01T12:30:00Z') })).toMatchObject({ ok: true });
      expect(await ask(newest, { dataOfMs: Date.parse('2026-11-01T14:00:00Z') })).toMatchObject(
        red(/is of 2026-11-01T12/),
      );
      const none = { newest: { query: 'select max(placed_at) from orders where id < 0', within: '1h' } };
      expect(await ask(none)).toMatchObject(red(/there is no row/));
    });

    it('rows that point at nothing are counted with the key that they break', async () => {
      await sql(`set session_replication_role = replica; delete from customers where id in (7, 8)`);
      expect(await ask({ orphans: 'all' })).toMatchObject(red(/^shop: 4 rows of orders \(orders_customer_fkey\)$/));
      expect(
        await ask({
          orphans: 'select id from orders o where not exists (select from customers where id = o.customer)',
        }),
      ).toMatchObject(red(/^4 rows$/));
      await sql(`insert into customers values (7, 'seven'), (8, 'eight')`);
      expect(await ask({ orphans: 'all' })).toMatchObject({ ok: true });
    });

    it('a row that an index does not know is found, with the index', async () => {
      await sql('create index orders_placed on orders (placed_at)');
      const [row] = await sql(`select pg_relation_filepath('orders_placed') as path`);
      await sql('checkpoint');
      const file = join(cluster.dataFolder, String(row?.['path']));
      const before = await contentOf(file);
      await sql(`insert into orders select n, 1, now(), 'late' from generate_series(1001, 1400) n; checkpoint`);
      await cluster.restart({ cluster_name: 'lifeboat restored copy' });
      await overwrite(file, 0, before);
      await cluster.restart({ cluster_name: 'lifeboat restored copy' });
      expect(await ask({ amcheck: 'indexes' })).toMatchObject(
        red(/^shop: public\.orders_placed: .*(lacks|orders_placed)/),
      );
      await sql('drop index orders_placed');
      expect(await ask({ amcheck: 'indexes' })).toMatchObject({ ok: true });
    });

    it('a page that the disk changed is found by its checksum, by reading all and by amcheck', async () => {
      const [row] = await sql(`select pg_relation_filepath('customers') as path`);
      await sql('checkpoint');
      await cluster.server.stop();
      await overwrite(join(cluster.dataFolder, String(row?.['path'])), pageBytes + 4000, Buffer.from('rot'));
      await cluster.restart({ cluster_name: 'lifeboat restored copy' });
      expect(await ask({ pages: 'all' })).toMatchObject(red(/^page 1 in base\/\d+\/\d+$/));
      expect(await ask({ read: 'all' })).toMatchObject(red(/^shop: customers: .*page 1\b|block 1\b/));
      expect(await ask({ amcheck: 'all' })).toMatchObject(red(/^shop: .*customers/));
      expect(await ask({ sql: 'select count(*) from orders' })).toMatchObject({ ok: true });
    });
  });
}

describe('what is no PostgreSQL', () => {
  it('is red and says so', async () => {
    for (const written of [{ amcheck: 'all' }, { read: 'all' }, { orphans: 'all' }, { pages: 'all' }]) {
      const result = await runCheck(parseCheck(written, kinds), kinds, { clock: systemClock, baseFolder: '/' });
      expect(result).toMatchObject({ ok: false, observed: expect.stringContaining('belongs to none') as string });
    }
  });
});

async function contentOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function overwrite(path: string, offset: number, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, undefined, offset);
  await file.truncate(Math.max(offset + bytes.length, offset === 0 ? 0 : (await file.stat()).size));
  await file.close();
}
