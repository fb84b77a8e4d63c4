import { checkKinds } from '../../../../checks/index.ts';
import { silentProgress, systemClock } from '../../../../core/index.ts';
import { startTestCluster, type TestCluster } from '../../../../testing/postgres/cluster.ts';
import type { Asset, RestoredCopy } from '../../../asset.ts';
import type { StoredEntry } from '../../../entry.ts';
import { captureAll, MemoryPoint, type Captured } from '../../../testing/memory-point.ts';
import { postgresKind, type PostgresSettings } from '../../index.ts';

/** A source with something of each kind that is known to be lost or bent by dumps. */
export async function makeSource(major: number): Promise<TestCluster> {
  const cluster = await startTestCluster({ major, settings: { allow_in_place_tablespaces: 'on' } });
  try {
    await fill(cluster);
    return cluster;
  } catch (error) {
    await cluster.destroy();
    throw error;
  }
}

async function fill(cluster: TestCluster): Promise<void> {
  await cluster.sql(`
    create role owner login password 'owning';
    create role reader login password 'reading';
    create role "odd "" role;" login connection limit 3;
    grant owner to "odd "" role;" with admin option;
    grant pg_read_all_data to reader;
    alter role owner set search_path = shop, public;
    comment on role owner is 'owns, they say, CREATE ROLE "shop";'`);
  await cluster.sql(`create tablespace fast owner owner location ''`);
  await cluster.sql('create database shop owner owner tablespace fast');
  await cluster.sql(`create database "odd=name /%?# Ü"`);
  await cluster.sql(`alter database shop set default_transaction_read_only = on`);
  await cluster.sql(`alter role reader in database shop set work_mem = '5MB'`);
  await cluster.sql(contents, 'shop?options=-c%20default_transaction_read_only%3Doff');
  await cluster.sql('create table everywhere (n int)', 'template1');
}

const contents = `
  create extension hstore;
  create schema shop authorization owner;
  set role owner;
  create type shop.colour as enum ('red', 'green');
  create table shop.orders (id bigserial primary key, at timestamptz not null default clock_timestamp(), what text, colour shop.colour,
    tags public.hstore, doubled bigint generated always as (id * 2) stored) tablespace fast;
  insert into shop.orders (what, colour, tags) select E'line\\nbreak \\\\. tab\\t' || n, 'red', 'a=>1' from generate_series(1, 1000) n;
  select nextval('shop.orders_id_seq');
  create table shop.parts (n int, day date) partition by range (day);
  create table shop.parts_2026 partition of shop.parts for values from ('2026-01-01') to ('2027-01-01');
  insert into shop.parts select n, date '2026-01-01' + n from generate_series(0, 99) n;
  create table shop.parent (n int); create table shop.child () inherits (shop.parent);
  insert into shop.parent values (1); insert into shop.child values (2), (3);
  create table shop.bare (); insert into shop.bare default values;
  create table "odd "" table;" ("odd "" column" text); insert into "odd "" table;" values (null), (''), ('\\N');
  create index on shop.orders (what);
  create materialized view shop.totals as select colour, count(*) from shop.orders group by colour;
  create view shop.seen as select id from shop.orders;
  create function shop.double(n int) returns int language sql as 'select n * 2';
  create function shop.on_change() returns trigger language plpgsql as 'begin return new; end';
  create trigger changed before insert on shop.orders for each row execute function shop.on_change();
  create table shop.secret_rows (who text); insert into shop.secret_rows values ('owner'), ('other');
  alter table shop.secret_rows enable row level security; create policy own on shop.secret_rows using (who = current_user);
  create collation shop.by_accent (provider = icu, locale = 'de-u-ks-level1');
  select lo_from_bytea(4711, 'a large object'); select lo_from_bytea(4712, repeat('x', 5000)::bytea);
  grant select on shop.orders to reader;
  reset role;
  create publication everything for table shop.orders;
  create subscription follower connection 'host=127.0.0.1 port=1' publication everything with (connect = false);`;

export const logicalAsset = (url: string, settings: Partial<PostgresSettings> = {}): Asset =>
  postgresKind.open(
    'orders',
    { url, method: 'logical', ...settings },
    { baseFolder: '/', clock: systemClock, checkKinds },
  );

export const capture = (url: string, settings: Partial<PostgresSettings> = {}): Promise<Captured> =>
  captureAll(logicalAsset(url, settings), '/nonexistent');

export const apply = (asset: Asset, { point }: Pick<Captured, 'point'>, target: string): Promise<void> =>
  asset.apply(point, target, { progress: silentProgress });

export const start = (asset: Asset, { point }: Pick<Captured, 'point'>, target: string): Promise<RestoredCopy> =>
  asset.start(target, { facts: point.facts, stay: false });

/** The url of a server for another of its databases. */
export const inDatabase = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
};

/** All files of a point. */
export async function filesOf({ point }: Captured): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const { path, type } of point.entries()) {
    if (type !== 'file') continue;
    const pieces: Uint8Array[] = [];
    for await (const piece of point.read(path)) pieces.push(piece);
    files.set(path, Buffer.concat(pieces));
  }
  return files;
}

/** A point of other facts and files, as if it had been taken so. */
export function pointOf(facts: Record<string, unknown>, files: ReadonlyMap<string, Buffer>): MemoryPoint {
  const entries: StoredEntry[] = [...files].map(([path, bytes]) => ({
    path,
    type: 'file',
    mode: 0o600,
    modifiedNs: 0n,
    bytes: bytes.length,
  }));
  return new MemoryPoint(facts, entries, files);
}
