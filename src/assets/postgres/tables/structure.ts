import { join } from 'node:path';
import type { Client } from 'pg';
import { filtered, isLifeboatError, LifeboatError, limits } from '../../../core/index.ts';
import { clientEnvironment, findDumpPrograms, type ClientPrograms } from '../logical/index.ts';
import { sqlTable, type TableName } from './names.ts';
import type { Relation } from './relations.ts';

/** What is made anew in the target. */
export interface ToCreate {
  /** Schemas that the target lacks and that are asked for as a whole: with their types, functions and views. */
  readonly schemas: readonly string[];
  /** Single tables, each with its partitions. */
  readonly tables: readonly Relation[];
}

/** Statements that make tables before their rows come, and those for after them: indexes, constraints, triggers. */
export interface Structure {
  readonly before: string;
  readonly after: string;
}

/**
 * The pg_dump that can write down how a table of this server is made: nobody else can say that. Rows need no program.
 * Throws `asset.tool_missing`.
 */
export async function structureProgram(major: number): Promise<ClientPrograms> {
  try {
    return await findDumpPrograms(major);
  } catch (error) {
    if (!isLifeboatError(error, 'asset.tool_missing')) throw error;
    throw new LifeboatError(
      'asset.tool_missing',
      `a table that the target does not have is made by what pg_dump writes of it: ${error.message}`,
      {
        hint: `Install it: apt-get install postgresql-client-${major}. Or make the empty table in the target first: rows are put back without it.`,
        cause: error,
      },
    );
  }
}

/** How `toCreate` is made, as the sandbox has it. Throws `asset.tool_missing`, `process.failed`, `operation.cancelled`. */
export async function readStructure(
  sandboxUrl: string,
  database: string,
  clients: ClientPrograms,
  toCreate: ToCreate,
  options: { words: readonly string[]; signal: AbortSignal | undefined },
): Promise<Structure> {
  const section = async (name: 'pre-data' | 'post-data'): Promise<string> => {
    let text = '';
    for (const words of choices(toCreate)) {
      const argv = ['--format=plain', `--section=${name}`, '--encoding=UTF8', ...options.words, ...words];
      text += usable(await outputOf(clients, sandboxUrl, database, argv, options.signal));
    }
    return text;
  };
  return { before: await section('pre-data'), after: await section('post-data') };
}

/** pg_dump takes schemas or tables, never both at once. */
const choices = ({ schemas, tables }: ToCreate): string[][] => [
  ...(schemas.length === 0 ? [] : [schemas.map((schema) => `--schema=${patternOf({ schema })}`)]),
  ...(tables.length === 0 ? [] : [tables.map((table) => `--table=${patternOf(table)}`)]),
];

/** Quoted, a name is no pattern. */
export const patternOf = (of: TableName | { schema: string }): string =>
  'name' in of ? sqlTable(of) : `"${of.schema.replaceAll('"', '""')}"`;

export const commonWords = [
  '--no-password',
  '--quote-all-identifiers',
  '--no-tablespaces',
  '--no-publications',
  '--no-subscriptions',
] as const;

async function outputOf(
  { folder }: ClientPrograms,
  url: string,
  database: string,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const dump = filtered([join(folder, 'pg_dump'), ...commonWords, ...words], undefined, {
    env: clientEnvironment(url, database, 'lifeboat pg_dump'),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const piece of dump) {
    bytes += piece.length;
    if (bytes > limits.tableStructureBytesMax)
      throw new LifeboatError(
        'asset.unsupported',
        'the statements that make these tables are too many to be run at once',
        {
          hint: 'Name fewer tables at a time.',
        },
      );
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** What pg_dump sets for psql and for its own version is not for us: the session has its settings, and an older server knows fewer. */
const leftOut =
  /^(\\(un)?restrict \w+|SET (statement_timeout|lock_timeout|idle_in_transaction_session_timeout|transaction_timeout|client_encoding|client_min_messages|row_security) = .*;)$/gm;

const usable = (text: string): string => text.replaceAll(leftOut, '');

/** What of owners and grants the target cannot take, as words for pg_dump and as sentences. */
export async function ownerWords(
  sandbox: Client,
  target: Client,
  tables: readonly Relation[],
): Promise<{ words: string[]; warnings: string[] }> {
  const { rows: needed } = await sandbox.query<{ role: string; owns: boolean }>(
    `select pg_get_userbyid(relowner) as role, true as owns from pg_class where oid = any ($1::oid[])
     union select pg_get_userbyid(a.grantee), false from pg_class c, aclexplode(c.relacl) a
     where c.oid = any ($1::oid[]) and a.grantee <> 0`,
    [tables.map(({ id }) => id)],
  );
  const { rows: there } = await target.query<{ role: string; may: boolean }>(
    `select rolname as role, pg_has_role(oid, 'member') as may from pg_roles where rolname = any ($1::name[])`,
    [needed.map(({ role }) => role)],
  );
  const may = new Map(there.map(({ role, may: can }) => [role, can]));
  const lacking = [...new Set(needed.map(({ role }) => role).filter((role) => !may.has(role)))];
  const notOurs = needed.some(({ role, owns }) => owns && may.get(role) !== true);
  const warnings = [
    ...(notOurs
      ? ['New tables belong to the user of the target: their owner in the point is not there, or not ours to give to.']
      : []),
    ...(lacking.length > 0 ? [`Grants are left out: the target has no role ${lacking.join(', ')}.`] : []),
  ];
  return { words: [...(notOurs ? ['--no-owner'] : []), ...(lacking.length > 0 ? ['--no-privileges'] : [])], warnings };
}
