import type { Client } from 'pg';
import { LifeboatError } from '../../../core/index.ts';
import { quoted, shownTable, sqlTable } from './names.ts';
import type { Relation } from './relations.ts';

/**
 * In the sandbox, which is ours: moves the tables into another schema, so that whatever is read of them afterwards is of there. What ties them to the
 * live tables is cut, and said.
 */
export async function moveToSchema(
  sandbox: Client,
  tables: readonly Relation[],
  known: readonly Relation[],
  schema: string,
): Promise<string[]> {
  const names = new Set(known.filter((one) => one.schema === schema).map(({ name }) => name));
  const taken = tables.find(
    (table, at) => names.has(table.name) || tables.findIndex(({ name }) => name === table.name) < at,
  );
  if (taken !== undefined) {
    throw new LifeboatError('input.flag', `two tables would be called ${schema}.${taken.name}`, {
      hint: 'Name a schema that the point does not have, or bring the tables one after the other.',
    });
  }
  const warnings = [...(await cutKeys(sandbox, tables)), ...(await dropTriggers(sandbox, tables))];
  await sandbox.query(`create schema if not exists ${quoted(schema)}`);
  for (const table of tables) await sandbox.query(`alter table ${sqlTable(table)} set schema ${quoted(schema)}`);
  return warnings;
}

async function cutKeys(sandbox: Client, tables: readonly Relation[]): Promise<string[]> {
  const { rows } = await sandbox.query<{ schema: string; table: string; name: string; to: string }>(
    `select n.nspname as schema, c.relname as table, k.conname as name, k.confrelid::regclass::text as to
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and k.conrelid = any ($1::oid[]) and not k.confrelid = any ($1::oid[])`,
    [idsOf(tables)],
  );
  for (const { schema, table, name } of rows)
    await sandbox.query(`alter table ${sqlTable({ schema, name: table })} drop constraint ${quoted(name)}`);
  return rows.map(
    ({ schema, table, name, to }) =>
      `The copy of ${shownTable({ schema, name: table })} has no foreign key ${name} to ${to}.`,
  );
}

async function dropTriggers(sandbox: Client, tables: readonly Relation[]): Promise<string[]> {
  const { rows } = await sandbox.query<{ schema: string; table: string; name: string }>(
    `select n.nspname as schema, c.relname as table, t.tgname as name
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
     where not t.tgisinternal and t.tgparentid = 0 and c.oid = any ($1::oid[])`,
    [idsOf(tables)],
  );
  for (const { schema, table, name } of rows)
    await sandbox.query(`drop trigger ${quoted(name)} on ${sqlTable({ schema, name: table })}`);
  return rows.map(
    ({ schema, table, name }) => `The copy of ${shownTable({ schema, name: table })} has no trigger ${name}.`,
  );
}

const idsOf = (tables: readonly Relation[]): string[] => tables.map(({ id }) => id);
