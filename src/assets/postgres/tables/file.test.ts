import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustSucceed } from '../../../core/index.ts';
import { installedMajors, runSql } from '../../../testing/postgres/index.ts';
import { TablesShop } from './testing/tables-shop.ts';

const programs = '/usr/lib/postgresql/15/bin';
const reason = (await installedMajors()).includes(15)
  ? existsSync(`${programs}/pg_dump`)
    ? undefined
    : '(skipped: no pg_dump 15)'
  : '(skipped: PostgreSQL 15 is not installed)';

const more = `
  create role auditor; create role clerk; create schema notes authorization auditor; grant usage on schema notes to clerk;
  comment on schema notes is 'what was seen';
  create extension citext schema public;
  create type notes.mood as enum ('sad', 'ok'); create domain notes.percent as int check (value between 0 and 100);
  create sequence notes.lone start 40; select nextval('notes.lone');
  create table notes.seen (id serial primary key, m notes.mood, p notes.percent, what citext);
  create function notes.touch() returns trigger language plpgsql as $$ begin new.what := 'x'; return new; end $$;
  create trigger touched before insert on notes.seen for each row execute function notes.touch();
  create view notes.happy as select * from notes.seen where m = 'ok';
  create materialized view notes.counts as select m, count(*) from notes.seen group by m;
  insert into notes.seen (m, p) select 'ok', n from generate_series(1, 50) n; refresh materialized view notes.counts;
  comment on table notes.seen is 'rows'; create table public.plain (m notes.mood); create table public.other (id int);
  insert into public.plain values ('ok');
  create schema words; create view words.who as select pid, rolname from pg_stat_activity join pg_roles on usesysid = pg_roles.oid;
  create view words.names as select column_name from information_schema.columns;
  create table words.found (t text, v tsvector generated always as (to_tsvector('pg_catalog.english', t)) stored);
  create schema "Odd ""One"; create extension "uuid-ossp" schema "Odd ""One";
  create table "Odd ""One"."It's" (id uuid primary key default "Odd ""One".uuid_generate_v4()); insert into "Odd ""One"."It's" default values`;

describe.skipIf(reason !== undefined)(`tables in a file ${reason ?? ''}`, () => {
  let shop: TablesShop;
  let made = 0;
  beforeAll(async () => {
    shop = await TablesShop.make(15, more);
  });
  afterAll(async () => {
    await shop?.destroy();
  });

  /** Into a database that has nothing, where the first error ends it; `ask` asks that database. */
  const load = async (file: string): Promise<(text: string) => Promise<unknown>> => {
    const name = `empty${(made += 1)}`;
    await shop.cluster.sql(`create database ${name} template template0`);
    const { port, username, password } = new URL(shop.cluster.url);
    const env = { PGHOST: '127.0.0.1', PGPORT: port, PGUSER: username, PGPASSWORD: decodeURIComponent(password) };
    const psql = [`${programs}/psql`, '--no-psqlrc', '-v', 'ON_ERROR_STOP=1', `--file=${file}`, name] as const;
    const restore = [`${programs}/pg_restore`, '--exit-on-error', `--dbname=${name}`, file] as const;
    await mustSucceed(file.endsWith('.sql') ? [...psql] : [...restore], { env });
    const url = shop.cluster.url.replace(/\/postgres$/, `/${name}`);
    return async (text) => Object.values((await runSql(url, text))[0] ?? {})[0];
  };

  it.each(['sql', 'dump'])(
    'of a whole schema load into an empty database with all that is in it: .%s',
    async (kind) => {
      const file = join(shop.cluster.folder, `notes.${kind}`);
      const done = await shop.bring(['notes.*'], 'fail', { target: { file } });
      expect(done.needs).toEqual({ objects: [], roles: ['auditor', 'clerk', 'shop'] });
      const ask = await load(file);
      expect(
        await ask(`select string_agg(c.relname || ':' || relkind::text, ' ' order by relname) from pg_class c
      where relnamespace = 'notes'::regnamespace and relkind in ('r', 'v', 'm', 'S')`),
      ).toBe('counts:m happy:v lone:S seen:r seen_id_seq:S');
      expect(
        await ask(
          `select nspowner::regrole || ' ' || nspacl::text || ' ' || obj_description(oid) from pg_namespace where nspname = 'notes'`,
        ),
      ).toBe('auditor {auditor=UC/auditor,clerk=U/auditor} what was seen');
      expect(await ask(`insert into notes.seen (m, p) values ('ok', 7) returning id || ' ' || what`)).toBe('51 x');
      expect(await ask(`select count from notes.counts`)).toBe('50');
      expect(await ask(`select nextval('notes.lone')`)).toBe('41');
      expect(await ask(`select obj_description('notes.seen'::regclass)`)).toBe('rows');
    },
  );

  it.each(['sql', 'dump'])('of public, which every database has, and of single tables beside it: .%s', async (kind) => {
    const file = join(shop.cluster.folder, `public.${kind}`);
    const tables = ['public.*', 'notes.seen', 'shop.events'];
    const done = await shop.bring(tables, 'fail', { target: { file } });
    expect(done.needs?.objects).toEqual([]);
    const ask = await load(file);
    expect(await ask('select (select count(*) from notes.seen) + (select count(*) from shop.events)')).toBe('450');
    expect(await ask('select m::text from public.plain')).toBe('ok');
    expect(await ask(`select to_regclass('notes.counts') is null and to_regclass('shop.orders') is null`)).toBe(true);
  });

  it('say nothing of what every database is made with', async () => {
    const file = join(shop.cluster.folder, 'words.sql');
    const done = await shop.bring(['words.*'], 'fail', { target: { file } });
    expect(done.needs?.objects).toEqual([]);
    const ask = await load(file);
    expect(await ask(`insert into words.found values ('boats') returning v::text`)).toBe("'boat':1");
  });

  it.each(['sql', 'dump'])('of names that need quotes, with an extension that lives there: .%s', async (kind) => {
    const file = join(shop.cluster.folder, `odd.${kind}`);
    const done = await shop.bring(['"Odd ""One".*'], 'fail', { target: { file } });
    expect(done.needs?.objects).toEqual([]);
    const ask = await load(file);
    expect(
      await ask(`insert into "Odd ""One"."It's" default values; select count(*)::int from "Odd ""One"."It's"`),
    ).toBe(2);
  });

  it('say what they need and do not hold', async () => {
    const needs = async (...tables: string[]): Promise<readonly string[] | undefined> => {
      const file = join(shop.cluster.folder, `needs${(made += 1)}.sql`);
      return (await shop.bring(tables, 'fail', { target: { file } })).needs?.objects;
    };
    expect(await needs('shop.orders')).toEqual(['schema shop', 'function shop.note()', 'table shop.customers']);
    expect(await needs('notes.seen')).toEqual([
      'schema notes',
      'extension citext',
      'function notes.touch()',
      'type notes.mood',
      'type notes.percent',
    ]);
    expect(await needs('public.*')).toEqual(['type notes.mood']);
    expect(await needs('public.other')).toEqual([]);
  });
});
