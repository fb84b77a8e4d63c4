import type { Client } from 'pg';
import type { FileChoice } from './file-choice.ts';

/** What a file names and does not hold. */
export interface FileNeeds {
  /** For people: `schema shop`, `type audit.mood`, `function shop.note()`; it does not load where one of them is not there. */
  readonly objects: readonly string[];
  /** Owners, and who was granted something. */
  readonly roles: readonly string[];
  /** Extensions that whole schemas use or that live in one: they are written into the file. */
  readonly extensions: readonly string[];
}

/**
 * Asks the sandbox what the chosen things lead to: what they are made of (`included`: with their indexes, constraints, triggers and the like), and what
 * that depends on. What code of functions names in its text nobody knows.
 */
export async function readNeeds(sandbox: Client, { whole, partial, excluded, tables }: FileChoice): Promise<FileNeeds> {
  const schemas = [...whole, ...partial];
  const parameters = [schemas, tables.map(({ id }) => id), excluded.map(({ id }) => id)];
  const { rows } = await sandbox.query<{ kind: string; name: string }>(needed, parameters);
  const { rows: roles } = await sandbox.query<{ name: string }>(named, parameters);
  const isWritten = ({ kind }: { kind: string }): boolean => kind === 'extension' && whole.length > 0;
  const extensions = new Set(rows.filter(isWritten).map(({ name }) => name));
  const known = whole.length === 0 ? [] : await extensionsOf(sandbox);
  for (const { name, schema } of known) if (whole.includes(schema)) extensions.add(name);
  const objects = rows.filter((row) => !isWritten(row)).map(({ kind, name }) => `${kind} ${name}`);
  const places = known
    .filter(({ name, schema }) => extensions.has(name) && ![...schemas, 'public', 'pg_catalog'].includes(schema))
    .map(({ schema }) => `schema ${schema}`);
  return {
    objects: [...new Set([...places, ...objects])],
    roles: roles.map(({ name }) => name),
    extensions: [...extensions],
  };
}

async function extensionsOf(sandbox: Client): Promise<{ name: string; schema: string }[]> {
  const { rows } = await sandbox.query<{ name: string; schema: string }>(
    'select extname as name, nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace',
  );
  return rows;
}

/** Everything of the schemas but what is excluded, and the tables; then what belongs to that and has no name of its own there. */
const included = `
  chosen (class, id) as (
    select 'pg_class'::regclass::oid, unnest($2::oid[])
    union select 'pg_namespace'::regclass, oid from pg_namespace where nspname = any ($1::name[])
    union select d.classid, d.objid from pg_depend d join pg_namespace n on n.oid = d.refobjid
          where d.refclassid = 'pg_namespace'::regclass and n.nspname = any ($1::name[])
            and not (d.classid = 'pg_class'::regclass and d.objid = any ($3::oid[]))
            and not exists (select from pg_depend e where (e.classid, e.objid) = (d.classid, d.objid) and e.deptype = 'e')),
  included (class, id) as (
    select class, id from chosen
    union select d.classid, d.objid from included i join pg_depend d on (d.refclassid, d.refobjid) = (i.class, i.id)
                 left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
          where d.deptype in ('a', 'i', 'P', 'S') and (c.oid is null or c.relkind in ('i', 'I', 'S', 't', 'c')))`;

/**
 * What a part belongs to is told instead of the part: the table of an index, the type of an array of it. Nothing is told of what every database is made with; of
 * the collations there many are those of the machine.
 */
const needed = `
  with recursive ${included},
  owned (class, id) as (
    select d.refclassid, d.refobjid from included i join pg_depend d on (d.classid, d.objid) = (i.class, i.id)
    where d.deptype <> 'e' and not exists (select from included x where (x.class, x.id) = (d.refclassid, d.refobjid))
    union select d.refclassid, d.refobjid from owned o join pg_depend d on (d.classid, d.objid) = (o.class, o.id)
          where d.deptype in ('a', 'i', 'P', 'e')),
  top as (
    select class, id from owned o
    where not exists (select from pg_depend d where (d.classid, d.objid) = (o.class, o.id) and d.deptype in ('a', 'i', 'P', 'e'))
      and not exists (select from included x where (x.class, x.id) = (o.class, o.id)))
  select distinct i.type as kind, coalesce(e.extname, i.identity) as name, i.type <> 'schema' as later
  from top cross join lateral pg_identify_object(class, id, 0) i left join pg_extension e on class = 'pg_extension'::regclass and e.oid = id
  where not (i.type = 'schema' and i.identity = 'public') and not (i.type = 'extension' and e.extname = 'plpgsql')
    and not (coalesce(i.schema, '') in ('pg_catalog', 'information_schema') and i.type <> 'collation')
  order by later, kind, name`;

/** The first superuser owns without a record of it. */
const named = `
  with recursive ${included}
  select distinct r.rolname as name
  from included i join pg_shdepend s on (s.classid, s.objid) = (i.class, i.id) and s.refclassid = 'pg_authid'::regclass
       join pg_database d on d.oid = s.dbid and d.datname = current_database() join pg_roles r on r.oid = s.refobjid
  union select pg_get_userbyid(10) from included i
       left join pg_class c on i.class = 'pg_class'::regclass and c.oid = i.id
       left join pg_namespace n on i.class = 'pg_namespace'::regclass and n.oid = i.id
       left join pg_proc p on i.class = 'pg_proc'::regclass and p.oid = i.id
  where 10 in (c.relowner, n.nspowner, p.proowner)
  order by name`;
