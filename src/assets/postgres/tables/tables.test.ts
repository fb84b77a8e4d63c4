import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../../../core/index.ts';
import { installedMajors } from '../../../testing/postgres/index.ts';
import { TablesShop } from './testing/tables-shop.ts';

const installed = await installedMajors();
const reason = installed.includes(15)
  ? existsSync('/usr/lib/postgresql/15/bin/pg_dump')
    ? undefined
    : '(skipped: no pg_dump 15)'
  : '(skipped: PostgreSQL 15 is not installed)';

describe.skipIf(reason !== undefined)(`single tables out of a point ${reason ?? ''}`, () => {
  let shop: TablesShop;
  beforeAll(async () => {
    shop = await TablesShop.make(15);
  });
  afterAll(async () => {
    await shop?.destroy();
  });

  it('changed rows get the content of the point, lost ones come back, newer ones stay, and what was replaced is kept', async () => {
    await shop.sql(`update shop.orders set cents = 0, notes = '{"a":  1}' where id <= 10;
      delete from shop.orders where id between 11 and 15;
      insert into shop.orders (customer_id, cents) values (1, 77); delete from audit.seen`);
    const changed = await shop.hash('shop.orders');
    const done = await shop.bring(['shop.orders'], 'replace');
    expect(done).toMatchObject({
      outlook: { isSource: true },
      figures: [
        { as: 'shop.orders', action: 'merge', rows: 1000, missing: 5, changed: 10, same: 985, onlyInTarget: 1 },
      ],
      tables: [{ as: 'shop.orders', inserted: 5, replaced: 10 }],
    });
    expect(await shop.sql('select count(*)::int as n, sum(cents)::int as cents from shop.orders')).toEqual([
      { n: 1001, cents: 500_577 },
    ]);
    expect(await shop.one('select count(*)::int from audit.seen')).toBe(0);
    expect(await shop.one(`select tgenabled from pg_trigger where tgname = 'noted'`)).toBe('O');
    const image = done.beforeImage as string;
    expect((await stat(image)).mode & 0o777).toBe(0o600);
    await shop.sql('delete from shop.orders where id between 11 and 15');
    await putBack(image);
    expect(await shop.hash('shop.orders')).toBe(changed);
  });

  /** As the report tells people to. */
  const putBack = async (image: string): Promise<void> => {
    const { port, username, password } = new URL(shop.cluster.url);
    await mustSucceed(['/usr/lib/postgresql/15/bin/psql', '--no-psqlrc', `--file=${image}`, 'shop'], {
      env: { PGHOST: '127.0.0.1', PGPORT: port, PGUSER: username, PGPASSWORD: decodeURIComponent(password) },
    });
  };

  it('rows that are there already are refused unless something is said about them, and nothing is touched', async () => {
    const before = await shop.hash('shop.orders');
    await expect(shop.bring(['shop.orders'])).rejects.toMatchObject({
      code: 'restore.target_not_empty',
      message: expect.stringContaining('995 of the rows'),
    });
    expect(await shop.hash('shop.orders')).toBe(before);
  });

  it('a dry run of what would be refused has its figures all the same, of every table, and the refusal beside them', async () => {
    const before = await shop.hash('shop.orders');
    const dry = await shop.bring(['shop.orders', 'shop.customers'], 'fail', { dryRun: true });
    expect(dry.figures).toMatchObject([
      { as: 'shop.customers', missing: 0, same: 100 },
      { as: 'shop.orders', missing: 5, changed: 10, same: 985 },
    ]);
    expect(dry.refusal).toMatchObject({
      code: 'restore.target_not_empty',
      message: 'shop.customers in the target has 100 of the rows already, shop.orders has 995; nothing was changed',
    });
    expect(await shop.hash('shop.orders')).toBe(before);
  });

  it('skip brings only what is missing', async () => {
    const done = await shop.bring(['shop.orders', 'shop.customers'], 'skip');
    expect(done.beforeImage).toBeUndefined();
    expect(done.tables).toEqual([
      { as: 'shop.customers', inserted: 0, replaced: 0 },
      { as: 'shop.orders', inserted: 5, replaced: 0 },
    ]);
    expect(await shop.one('select cents from shop.orders where id = 3')).toBe(0);
  });

  it('a dry run gives exact figures and changes nothing', async () => {
    const before = await shop.hash('shop.orders');
    const dry = await shop.bring(['shop.orders'], 'replace', { dryRun: true });
    expect(dry.figures).toMatchObject([{ missing: 0, changed: 10, same: 990 }]);
    expect(await shop.hash('shop.orders')).toBe(before);
  });

  it('a dropped table comes back with its rows, keys, trigger and sequence, and says what it cannot bring', async () => {
    await shop.sql('create table shop.items (id int primary key)');
    await shop.sql('drop table shop.orders cascade');
    const done = await shop.bring(['shop.orders']);
    expect(done).toMatchObject({ figures: [{ action: 'create', rows: 1000 }], tables: [{ inserted: 1000 }] });
    expect(done.warnings.join()).toMatch(/view shop.totals/);
    expect(await shop.one('select sum(euros)::text from shop.orders')).toMatch(/^5005\.0+$/);
    expect(await shop.one('select count(*)::int from audit.seen')).toBe(0);
    await shop.sql('insert into shop.orders (customer_id, cents) values (1, 1)');
    expect(await shop.one('select max(id)::int from shop.orders')).toBe(1001);
    expect(await shop.one('select count(*)::int from audit.seen')).toBe(1);
    await expect(shop.sql('insert into shop.orders (customer_id, cents) values (-1, 1)')).rejects.toThrow(
      /foreign key/,
    );
  });

  it('a table without the rows that it needs is refused by the server, and nothing is changed', async () => {
    await shop.sql('drop table shop.orders; delete from shop.customers where id = 5');
    await expect(shop.bring(['shop.orders'])).rejects.toMatchObject({
      code: 'restore.check_failed',
      message: expect.stringMatching(/foreign key.*nothing was changed/),
    });
    expect(await shop.one(`select to_regclass('shop.orders') is null`)).toBe(true);
    await shop.bring(['shop.orders', 'shop.customers'], 'skip');
    expect(await shop.one('select count(*)::int from shop.orders')).toBe(1000);
    await shop.sql('delete from shop.orders where customer_id = 7; delete from shop.customers where id = 7');
    await expect(shop.bring(['shop.orders'], 'skip')).rejects.toMatchObject({ code: 'restore.check_failed' });
    expect(await shop.one('select count(*)::int from shop.orders')).toBe(990);
    expect(await shop.one(`select condeferrable from pg_constraint where conname like 'orders_customer%'`)).toBe(false);
  });

  it('a schema that the target lacks comes back whole, its views too, and nothing is said to be missing', async () => {
    await shop.sql('create view audit.orders_seen as select n from shop.orders, audit.seen');
    await shop.sql('drop schema shop cascade');
    const done = await shop.bring(['shop.*']);
    expect(done.warnings).toEqual([]);
    expect(await shop.one('select count(*)::int from shop.totals')).toBe(1);
  });

  it('a schema without tables is no wrong name: it comes with what is in it, or is said to be empty where the target has it', async () => {
    const there = await shop.bring(['bare.*']);
    expect(there.figures).toEqual([]);
    expect(there.warnings).toEqual(['The schema bare of the point has no tables: only what else is in it can come.']);
    await shop.sql('drop schema bare cascade');
    const done = await shop.bring(['bare.*']);
    expect(done.figures).toEqual([]);
    expect(await shop.one('select bare.answer()')).toBe(42);
    await expect(shop.bring(['bore.*'])).rejects.toMatchObject({ code: 'restore.unknown_table' });
    await expect(shop.bring(['pg_catalog.*'])).rejects.toMatchObject({ code: 'restore.unknown_table' });
  });

  it('what the target lacks may be a wrong name, and only the restored point can tell: that is said before it is restored', async () => {
    const doubts = async (...tables: string[]) => (await shop.look(tables)).doubts;
    expect(await doubts('shop.orders', 'shop.*', 'bare.*')).toEqual([]);
    expect(await doubts('shop.ordres', 'shop.nothing')).toEqual([
      'the target has no shop.ordres (it has shop.orders), and whether the point has shop.ordres is known only when it is restored',
      'the target has no shop.nothing, and whether the point has shop.nothing is known only when it is restored',
    ]);
  });

  it('a user who may not change a table is refused, and nothing is changed', async () => {
    await shop.sql(`create role clerk login; grant usage on schema shop to clerk; grant select on shop.customers to clerk;
      delete from shop.customers where id = 99 and not exists (select from shop.orders where customer_id = 99)`);
    await shop.sql(`alter role clerk password 'clerk'`);
    process.env['PGPASSWORD'] = 'clerk';
    try {
      const url = shop.target.replace('//', '//clerk@');
      await expect(shop.bring(['shop.customers'], 'skip', { target: { url } })).rejects.toMatchObject({
        code: 'asset.denied',
        hint: expect.stringContaining('own the tables'),
      });
    } finally {
      delete process.env['PGPASSWORD'];
    }
  });

  it('a target that does not let us in is told as what --to names, and not as the address in the plan', async () => {
    const at = (rest: string) => ({ target: { url: `postgresql://${rest}` } });
    const server = `127.0.0.1:${shop.cluster.port}`;
    for (const [over, code, hint] of [
      [at('127.0.0.1:1/shop'), 'asset.unreachable', /the address in --to/],
      [at(`${server}/nothing`), 'asset.denied', /^Name a database in --to/],
      [at(`nobody@${server}/shop`), 'asset.denied', /the user in --to .*PGPASSWORD/],
    ] as const) {
      await expect(shop.bring(['shop.orders'], 'skip', over)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(/^the target given by --to \(127/),
        hint: expect.stringMatching(hint),
      });
    }
  });

  it('wrong words are refused with what is near, or what would be right', async () => {
    const { url } = shop.cluster;
    await expect(shop.bring(['shop.ordres'], 'skip')).rejects.toMatchObject({
      code: 'restore.unknown_table',
      hint: 'Did you mean shop.orders?',
    });
    for (const [over, code] of [
      [{ server: '7000000000000000001' }, 'asset.foreign'],
      [{ database: 'shpo' }, 'input.flag'],
      [{ target: { url } }, 'input.flag'],
    ] as const) {
      await expect(shop.bring(['shop.orders'], 'skip', over)).rejects.toMatchObject({ code });
    }
    await expect(shop.bring(['audit.seen'], 'skip')).rejects.toMatchObject({
      code: 'asset.unsupported',
      message: expect.stringContaining('primary key'),
    });
  });
});
