import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql, type TestCluster } from '../../../testing/postgres/cluster.ts';
import type { RestoredCopy } from '../../asset.ts';
import type { Captured } from '../../testing/memory-point.ts';
import { withConnection } from '../link/connection.ts';
import { dumpFactsOf } from './facts.ts';
import { dumpableMajor } from './testing/dumpable.ts';
import { apply, capture, inDatabase, logicalAsset, makeSource, start } from './testing/source.ts';
import { skippedFor } from '../../../testing/skipped.ts';

const major = await dumpableMajor();
const oddName = 'odd=name /%?# Ü';
const measure = { rows: 'select count(*) from shop.orders', newest: 'select max(at) from shop.orders' };

const reason = major === undefined ? 'no server and pg_dump of one version' : undefined;

describe.skipIf(major === undefined)(`a dump${skippedFor(reason)}`, () => {
  let cluster: TestCluster;
  let url: string;
  let taken: Captured;
  let target: string;
  let copy: RestoredCopy;

  beforeAll(async () => {
    cluster = await makeSource(major as number);
    url = inDatabase(cluster.url, 'shop');
    taken = await capture(url, { measure });
    target = join(cluster.folder, 'copy');
    const asset = logicalAsset(url, { measure });
    await apply(asset, taken, target);
    copy = await start(asset, taken, target);
  });

  afterAll(async () => {
    await copy?.stop();
    await cluster?.destroy();
  });

  /** The same question to source and copy. */
  const both = async (sql: string, database = 'shop'): Promise<{ source: unknown; copy: unknown }> => ({
    source: await ask(cluster.url, database, sql),
    copy: await ask(copy.url, database, sql),
  });
  const ask = (server: string, database: string, sql: string): Promise<unknown> =>
    withConnection(
      inDatabase(server, database),
      async (client) => (await client.query<Record<string, unknown>>(sql)).rows,
    );
  const mustEqual = async (sql: string, database?: string): Promise<void> => {
    const answers = await both(sql, database);
    expect(answers.copy).toEqual(answers.source);
    expect(answers.source).not.toEqual([]);
  };

  it('says what it holds', () => {
    const facts = dumpFactsOf(taken.facts.facts);
    expect(taken.facts).toMatchObject({ kind: 'dump', warnings: [], newest: { count: 1000 } });
    expect(facts.databases.map(({ name }) => name)).toEqual([oddName, 'postgres', 'shop', 'template1']);
    expect(facts).toMatchObject({ rolePasswords: true, superuser: 'shop', tablespaces: ['fast'], major });
    const shop = facts.databases.find(({ name }) => name === 'shop');
    expect(shop).toMatchObject({ owner: 'owner', largeObjects: 2, locale: { encoding: 'UTF8', provider: 'libc' } });
    expect(shop?.extensions.map(({ name }) => name)).toEqual(['hstore', 'plpgsql']);
    expect(shop?.collations).toMatchObject([{ schema: 'shop', name: 'by_accent', provider: 'icu' }]);
    expect(shop?.rows).toBe(1000 + 100 + 3 + 1 + 3 + 2);
  });

  it('is dated by the server’s clock before the first of its moments', () => {
    const moments = dumpFactsOf(taken.facts.facts).databases.map(({ atMs }) => atMs);
    expect(new Set(moments).size).toBe(moments.length);
    expect(taken.facts.atMs).toBe(Math.min(...moments));
  });

  it('brings back every row, also such as look like the end of a table', async () => {
    await mustEqual('select * from shop.orders order by id');
    await mustEqual('select * from "odd "" table;" order by 1');
    await mustEqual('select tableoid::regclass::text as of, n from shop.parent order by n');
    await mustEqual('select count(*) from shop.parts_2026');
    await mustEqual('select count(*) from shop.bare');
    await mustEqual('select * from shop.totals');
    await mustEqual('select * from everywhere union all select 1', 'template1');
  });

  it('trap "sequences": goes on counting where the source would', async () => {
    await mustEqual('select last_value, is_called from shop.orders_id_seq');
  });

  it('trap "large objects": brings them back under their numbers, with their owners', async () => {
    await mustEqual(
      `select oid::text, lomowner::regrole::text, md5(lo_get(oid)) as content from pg_largeobject_metadata order by oid`,
    );
  });

  it('trap "globals are separate": brings back roles, passwords, memberships and settings', async () => {
    await mustEqual(
      `select rolname, rolsuper, rolcanlogin, rolconnlimit, rolpassword from pg_authid where rolname !~ '^pg_' order by 1`,
    );
    await mustEqual(
      `select roleid::regrole::text, member::regrole::text, admin_option from pg_auth_members where member::regrole::text !~ '^pg_' order by 1, 2`,
    );
    await mustEqual(
      `select coalesce(datname, '-') as of, setrole::regrole::text as role, setconfig from pg_db_role_setting s
       left join pg_database d on d.oid = s.setdatabase order by 1, 2`,
    );
    await mustEqual(`select shobj_description(oid, 'pg_authid') as said from pg_roles where rolname = 'owner'`);
    expect(
      await runSql(copy.url.replace(/shop:[^@]*@/, 'reader:reading@'), 'select current_user::text as who'),
    ).toEqual([{ who: 'reader' }]);
  });

  it('brings back databases with owners, settings and encodings, whatever they are called', async () => {
    await mustEqual(
      `select datname, datdba::regrole::text, pg_encoding_to_char(encoding), datcollate, datctype, datistemplate, datlocprovider,
              (select spcname from pg_tablespace t where t.oid = dattablespace) as place
       from pg_database order by datname`,
    );
    await mustEqual('show default_transaction_read_only');
    await mustEqual('select current_database() as name', oddName);
  });

  it('brings back rights, policies, triggers, extensions and publications', async () => {
    await mustEqual(
      `select relname, relowner::regrole::text, relacl::text, relrowsecurity from pg_class where relnamespace = 'shop'::regnamespace order by 1`,
    );
    await mustEqual(`select polname, pg_get_expr(polqual, polrelid) as rule from pg_policy`);
    await mustEqual(`select tgname, pg_get_triggerdef(oid) as rule from pg_trigger where not tgisinternal`);
    await mustEqual(`select extname, extnamespace::regnamespace::text from pg_extension order by 1`);
    await mustEqual(`select pubname from pg_publication`);
    await mustEqual(`select subname, subenabled from pg_subscription`);
    await mustEqual(`select collname, collprovider from pg_collation where collnamespace = 'shop'::regnamespace`);
  });

  it('keeps tablespaces inside the folder of the copy', async () => {
    expect(
      await runSql(
        copy.url,
        `select count(*)::int as n from pg_tablespace where pg_tablespace_location(oid) like '/%'`,
      ),
    ).toEqual([{ n: 0 }]);
    await mustEqual(`select spcname, spcowner::regrole::text from pg_tablespace order by 1`);
  });

  it('is green, knows how far its data goes, and has statistics', async () => {
    const asset = logicalAsset(url, { measure });
    expect((await asset.check({ url: copy.url }, [])).filter(({ ok }) => !ok)).toEqual([]);
    expect(await asset.newest({ url: copy.url })).toEqual(taken.facts.newest);
    expect(
      await runSql(copy.url, `select reltuples::int as n from pg_class where oid = 'shop.orders'::regclass`),
    ).toEqual([{ n: 1000 }]);
  });

  it('leaves nothing beside the copy, and no password in its log', async () => {
    expect((await readdir(cluster.folder)).sort()).toEqual(['copy', 'data', 'data.log']);
    expect(await readFile(join(target, 'lifeboat.log'), 'utf8')).not.toMatch(/SCRAM|PASSWORD/);
    expect(copy.shownUrl).not.toContain('sec');
  });

  it('asked for single databases, holds those and says which it left out', async () => {
    const { facts } = await capture(url, { databases: ['shop'] });
    expect(dumpFactsOf(facts.facts).databases.map(({ name }) => name)).toEqual(['shop']);
    expect(facts.warnings).toEqual([`The database ${oddName} is not in this point: the plan does not name it.`]);
  });
});
