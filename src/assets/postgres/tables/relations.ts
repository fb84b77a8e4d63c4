import type { Client } from 'pg';
import { sqlTable, type TableName } from './names.ts';

/** A table as a catalogue has it. */
export interface Relation extends TableName {
  readonly id: string;
  readonly isPartitioned: boolean;
  /** Tables above it, if it is a partition. */
  readonly parents: readonly string[];
  readonly owner: string;
  /** With its partitions, without indexes. */
  readonly bytes: number;
}

export interface Column {
  readonly name: string;
  readonly type: string;
  /** Its value is computed: it can only be left out. */
  readonly isGenerated: boolean;
  readonly isIdentityAlways: boolean;
}

/** By what a row is known again: a column, and how its values are compared. */
export interface KeyColumn {
  readonly name: string;
  /** `pg_catalog.=`, as an operator in a statement. */
  readonly operator: string;
}

export interface Described {
  readonly columns: readonly Column[];
  /** Undefined: rows cannot be known again. */
  readonly key: readonly KeyColumn[] | undefined;
}

/** All ordinary and partitioned tables of a database that are not the server's own. */
export async function readRelations(client: Client): Promise<Relation[]> {
  const { rows } = await client.query<Relation & { bytes: string }>(
    `select c.oid::text as id, n.nspname as schema, c.relname as name, c.relkind = 'p' as "isPartitioned",
            pg_get_userbyid(c.relowner) as owner,
            (select coalesce(sum(pg_table_size(t.relid)), 0) from pg_partition_tree(c.oid) t)::bigint
              + case when c.relkind = 'r' and not c.relispartition then pg_table_size(c.oid) else 0 end as bytes,
            array(select a.relid::oid::text from pg_partition_ancestors(c.oid) a where a.relid <> c.oid) as parents
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and c.relpersistence <> 't'
       and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'
     order by n.nspname, c.relname`,
  );
  return rows.map((row) => ({ ...row, bytes: Number(row.bytes) }));
}

export async function describeTable(client: Client, { id }: Relation): Promise<Described> {
  const { rows: columns } = await client.query<Column>(
    `select attname as name, format_type(atttypid, atttypmod) as type, attgenerated <> '' as "isGenerated",
            attidentity = 'a' as "isIdentityAlways"
     from pg_attribute where attrelid = $1 and attnum > 0 and not attisdropped order by attnum`,
    [id],
  );
  const { rows: key } = await client.query<KeyColumn>(
    `select a.attname as name, format('%I.%s', n.nspname, o.oprname) as operator
     from (select indexrelid, indrelid, indkey, indclass, indnkeyatts from pg_index i
           where indrelid = $1 and indisunique and indisvalid and indimmediate and indpred is null and indexprs is null
             and not exists (select from pg_attribute x where x.attrelid = i.indrelid and x.attnum = any (i.indkey[0:i.indnkeyatts - 1])
                             and not x.attnotnull)
           order by indisprimary desc, indnkeyatts, indexrelid limit 1) i
          cross join lateral generate_series(0, i.indnkeyatts - 1) as at
          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[at]
          join pg_opclass c on c.oid = i.indclass[at]
          join pg_amop m on m.amopfamily = c.opcfamily and m.amopstrategy = 3 and m.amoplefttype = c.opcintype
                        and m.amoprighttype = c.opcintype
          join pg_operator o on o.oid = m.amopopr join pg_namespace n on n.oid = o.oprnamespace
     order by at`,
    [id],
  );
  return { columns, key: key.length === 0 ? undefined : key };
}

/** The rows of a table itself and of its partitions, not those of tables that inherit from it. */
export const rowsOf = (table: Pick<Relation, 'schema' | 'name' | 'isPartitioned'>): string =>
  table.isPartitioned ? sqlTable(table) : `only ${sqlTable(table)}`;

export async function countRows(client: Client, table: Relation): Promise<number> {
  const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${rowsOf(table)}`);
  return Number(rows[0]?.n);
}

/** The schemas of a database that are not the server's own. */
export async function readSchemas(client: Client): Promise<Set<string>> {
  const names = await namesIn(client, 'schema');
  return new Set([...names].filter((name) => !/^pg_|^information_schema$/.test(name)));
}

/** Whether it is a database's name there, a schema, a role: for what is asked by name. */
export async function namesIn(client: Client, what: 'role' | 'schema' | 'database'): Promise<Set<string>> {
  const from = {
    role: 'rolname as name from pg_roles',
    schema: 'nspname as name from pg_namespace',
    database: 'datname as name from pg_database where datallowconn',
  }[what];
  const { rows } = await client.query<{ name: string }>(`select ${from}`);
  return new Set(rows.map(({ name }) => name));
}
