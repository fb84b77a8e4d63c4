import type { Client } from 'pg';

/** Objects that people made: not the system’s, not an extension’s. */
const own = (catalog: string, oid: string, schema: string): string => `
  ${schema} not in ('pg_catalog', 'information_schema') and ${schema} not like 'pg\\_toast%' and ${schema} not like 'pg\\_temp\\_%'
  and not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`;

const ownRelation = (alias: string): string => own('pg_class', `${alias}.oid`, 'n.nspname');

const query = `
  select kind, count(*)::int as count from (
    select case c.relkind when 'r' then 'tables' when 'p' then 'partitioned tables' when 'v' then 'views'
                          when 'm' then 'materialized views' when 'S' then 'sequences' when 'f' then 'foreign tables'
                          when 'i' then 'indexes' when 'I' then 'partitioned indexes' end as kind
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and ${ownRelation('c')}
    union all
    select 'indexes' from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where ${ownRelation('c')}
    union all
    select 'constraints' from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype in ('c', 'f', 'p', 'u', 'x') and ${ownRelation('c')}
    union all
    select 'triggers' from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where not t.tgisinternal and ${ownRelation('c')}
    union all
    select 'policies' from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
    where ${ownRelation('c')}
    union all
    select 'functions' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${own('pg_proc', 'p.oid', 'n.nspname')}
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')
    union all
    select 'types' from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where (t.typtype in ('e', 'd', 'r') or (t.typtype = 'c' and exists (select from pg_class c where c.oid = t.typrelid and c.relkind = 'c')))
      and ${own('pg_type', 't.oid', 'n.nspname')}
    union all
    select 'schemas' from pg_namespace n where ${own('pg_namespace', 'n.oid', 'n.nspname')}
    union all
    select 'event triggers' from pg_event_trigger e
    where not exists (select from pg_depend d where d.classid = 'pg_event_trigger'::regclass and d.objid = e.oid and d.deptype = 'e')
    union all
    select 'large objects' from pg_largeobject_metadata
  ) counted group by kind order by kind`;

/** How many objects of each kind a database has: asked in the snapshot of the dump, and again of the copy. */
export async function structureOf(client: Client): Promise<Record<string, number>> {
  const { rows } = await client.query<{ kind: string; count: number }>(query);
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}

export async function extensionsOf(client: Client): Promise<{ name: string; version: string }[]> {
  const { rows } = await client.query<{ name: string; version: string }>(
    `select extname as name, extversion as version from pg_extension order by extname`,
  );
  return rows;
}
