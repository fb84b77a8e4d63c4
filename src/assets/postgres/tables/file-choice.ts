import { open } from 'node:fs/promises';
import type { Client } from 'pg';
import type { TableName } from './names.ts';
import type { Relation } from './relations.ts';
import { patternOf } from './structure.ts';

/** What of the sandbox goes into a file. */
export interface FileChoice {
  /** Schemas that come with all that is in them. */
  readonly whole: readonly string[];
  /** Schemas of single tables beside whole ones: they come too, but for `excluded`, because pg_dump takes schemas or tables, never both at once. */
  readonly partial: readonly string[];
  /** Of the partial ones: what is like a table and was not asked for. */
  readonly excluded: readonly (TableName & { readonly id: string })[];
  /** With their partitions. */
  readonly tables: readonly Relation[];
}

export async function chooseForFile(
  sandbox: Client,
  tables: readonly Relation[],
  whole: readonly string[],
): Promise<FileChoice> {
  const single = whole.length === 0 ? [] : tables.filter(({ schema }) => !whole.includes(schema));
  const partial = [...new Set(single.map(({ schema }) => schema))];
  const { rows: excluded } = await sandbox.query<TableName & { id: string }>(
    `select c.oid::text as id, n.nspname as schema, c.relname as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any ($1::name[]) and not c.oid = any ($2::oid[]) and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
       and not (c.relkind = 'S' and exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass and d.refobjid = any ($2::oid[])))`,
    [partial, single.map(({ id }) => id)],
  );
  return { whole, partial, excluded, tables };
}

/** As words for pg_dump. */
export function choiceWords({ whole, partial, excluded, tables }: FileChoice, extensions: readonly string[]): string[] {
  if (whole.length === 0) return tables.map((table) => `--table=${patternOf(table)}`);
  return [
    ...[...whole, ...partial].map((schema) => `--schema=${patternOf({ schema })}`),
    ...excluded.map((relation) => `--exclude-table=${patternOf(relation)}`),
    ...extensions.map((schema) => `--extension=${patternOf({ schema })}`),
  ];
}

/** What comes before the first rows is searched so far: schemas are what pg_dump writes first of all. */
const headBytesMax = 2 ** 20;

/**
 * Every database is made with a schema `public`, and pg_dump writes that it is to be made where it is asked for by name. Its words are made a comment of the same
 * length, as pg_dump itself writes one where it is asked for all: so no place in an archive moves.
 */
export async function leavePublicAsItIs(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    const head = Buffer.alloc(headBytesMax);
    const { bytesRead } = await handle.read(head, 0, headBytesMax, 0);
    for (const words of ['CREATE SCHEMA "public";', 'DROP SCHEMA "public";']) {
      const at = head.subarray(0, bytesRead).indexOf(words);
      if (at >= 0) await handle.write(Buffer.from('-- public is there'.padEnd(words.length)), 0, words.length, at);
    }
  } finally {
    await handle.close();
  }
}
