import type { Client } from 'pg';
import { LifeboatError } from '../../../../core/index.ts';
import type { DatabaseList, DumpedDatabase } from '../facts.ts';
import { extensionsOf, structureOf } from '../structure.ts';

/**
 * Compares a restored database with what the point says of it: objects of each kind, extensions, the rows of every table, the value
 * of every sequence. Throws `restore.check_failed` naming the first differences.
 */
export async function mustBeAllThere(client: Client, database: DumpedDatabase, list: DatabaseList): Promise<void> {
  const differences = [
    ...structureDifferences(database.structure, await structureOf(client)),
    ...(await missingExtensions(client, database)),
    ...(await rowDifferences(client, list)),
    ...(await sequenceDifferences(client, list)),
  ];
  if (differences.length === 0) return;
  const shown = differences.slice(0, 10).join('; ');
  throw new LifeboatError(
    'restore.check_failed',
    `the restored database ${database.name} is not as it was dumped: ${shown}${differences.length > 10 ? `; and ${differences.length - 10} more` : ''}`,
    { hint: 'Try another point, or one of method: physical.' },
  );
}

function structureDifferences(
  expected: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): string[] {
  return [...new Set([...Object.keys(expected), ...Object.keys(found)])]
    .filter((kind) => (expected[kind] ?? 0) !== (found[kind] ?? 0))
    .map((kind) => `${found[kind] ?? 0} ${kind} instead of ${expected[kind] ?? 0}`);
}

/** Their versions may differ: the copy has the one that is installed where it is. */
async function missingExtensions(client: Client, { extensions }: DumpedDatabase): Promise<string[]> {
  const found = new Set((await extensionsOf(client)).map(({ name }) => name));
  return extensions.filter(({ name }) => !found.has(name)).map(({ name }) => `no extension ${name}`);
}

async function rowDifferences(client: Client, { tables }: DatabaseList): Promise<string[]> {
  const differences: string[] = [];
  for (const { schema, name, rows, ofExtension } of tables) {
    const table = `${quoted(schema)}.${quoted(name)}`;
    const result = await client.query<{ count: string }>(`select count(*)::text as count from only ${table}`);
    const count = Number(result.rows[0]?.count);
    if (ofExtension ? count < rows : count !== rows)
      differences.push(`${count} rows in ${schema}.${name} instead of ${rows}`);
  }
  return differences;
}

async function sequenceDifferences(client: Client, { sequences }: DatabaseList): Promise<string[]> {
  const differences: string[] = [];
  for (const { schema, name, value, called } of sequences) {
    const result = await client.query<{ value: string; called: boolean }>(
      `select last_value::text as value, is_called as called from ${quoted(schema)}.${quoted(name)}`,
    );
    const found = result.rows[0];
    if (found?.value !== value || found.called !== called)
      differences.push(`the sequence ${schema}.${name} is at ${found?.value} instead of ${value}`);
  }
  return differences;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
