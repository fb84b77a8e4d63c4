import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';
import type { CheckContext, CheckKind, Observation } from '../check.ts';
import { askPostgres } from './postgres.ts';
import { askSqlite } from './sqlite.ts';
import type { Row } from './rows.ts';

const long = z.strictObject({ query: z.string().min(1), database: z.string().min(1).optional() });
const schema = z.union([z.string().min(1), long]);
type Settings = z.infer<typeof schema>;

/**
 * `sql: select count(*) from orders`, one statement that only reads, asked of the restored database, or of `database`: a
 * `postgresql://` address or a SQLite file. Gives `value` (first column of the first row), `row`, `rows`. Green without
 * `expect`: there is a first value, and it is neither false nor zero.
 */
export const sqlCheck: CheckKind<Settings> = {
  kind: 'sql',
  schema,
  files: (settings) => {
    const { database } = longOf(settings);
    return database === undefined || isServer(database) ? [] : [sqliteFile(database)];
  },
  describe: (settings) => firstWords(longOf(settings).query),
  observe: async (settings, context) => {
    const { query, database } = longOf(settings);
    return observationOf(await askDatabase(database ?? context.databaseUrl, query, context));
  },
};

const longOf = (settings: Settings): z.infer<typeof long> =>
  typeof settings === 'string' ? { query: settings } : settings;

const shownCharacters = 60;

function firstWords(query: string): string {
  const line = query.trim().replaceAll(/\s+/g, ' ');
  return line.length <= shownCharacters ? line : `${line.slice(0, shownCharacters)} …`;
}

function askDatabase(database: string | undefined, query: string, context: CheckContext): Promise<Row[]> {
  if (database === undefined) {
    throw new LifeboatError('check.unanswered', 'the check names no database and belongs to none', {
      hint: 'Write sql: { query: …, database: postgresql://… }, or put the check under an asset.',
    });
  }
  if (isServer(database)) return askPostgres(database, query, context);
  return askSqlite(sqliteFile(database), query, context);
}

const isServer = (database: string): boolean => /^postgres(ql)?:\/\//i.test(database);
const sqliteFile = (database: string): string => database.replace(/^(sqlite|file):(\/\/)?/i, '');

function observationOf(rows: Row[]): Observation {
  const row = rows[0] ?? {};
  const value = Object.values(row)[0] ?? null;
  const observed = rows.length === 0 ? 'no rows' : `value is ${shown(value)}`;
  return {
    variables: { value, row, rows },
    ok: value !== null && value !== false && value !== 0 && value !== 0n && value !== '',
    expected: 'a first value that is neither false nor zero',
    observed,
  };
}

const shown = (value: unknown): string => {
  if (value === null) return 'null';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object'
    ? JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
    : String(value);
};
