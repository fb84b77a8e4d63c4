import { LifeboatError } from '../../../core/index.ts';
import { didYouMean, nearest } from '../../../plan/index.ts';

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/** `shop.orders`: as people write it, and as reports show it. */
export const shownTable = ({ schema, name }: TableName): string => `${schema}.${name}`;

/** Quoted for a statement: `"shop"."orders"`. */
export const sqlTable = ({ schema, name }: TableName): string => `${quoted(schema)}.${quoted(name)}`;

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** What `--table` asks for: `*` stands for any characters, `"…"` keeps a dot or a star as it is; without a schema, in any. */
export interface TablePattern {
  readonly text: string;
  readonly schema: RegExp | undefined;
  readonly name: RegExp;
  /** Without a star: exactly one table. */
  readonly single: TableName | undefined;
  /** `audit.*`: all of one schema. */
  readonly wholeSchema: string | undefined;
}

/** Throws `input.flag` for what is no name. */
export function parsePattern(text: string): TablePattern {
  const parts = /^(?:("(?:[^"]|"")+"|[^".]+)\.)?("(?:[^"]|"")+"|[^".]+)$/.exec(text);
  if (parts === null) {
    throw new LifeboatError('input.flag', `--table ${text} is no name of a table`, {
      hint: 'Write SCHEMA.TABLE, or SCHEMA.* for all of a schema; names with dots in double quotes.',
    });
  }
  const [, schema, name] = parts as unknown as [string, string | undefined, string];
  const [plainSchema, plainName] = [schema === undefined ? undefined : plain(schema), plain(name)];
  const isSingle = plainSchema !== undefined && !hasStar(schema as string) && !hasStar(name);
  const isWhole = schema !== undefined && !hasStar(schema) && name === '*';
  return {
    text,
    schema: schema === undefined ? undefined : matcher(schema),
    name: matcher(name),
    single: isSingle ? { schema: plainSchema, name: plainName } : undefined,
    wholeSchema: isWhole ? plainSchema : undefined,
  };
}

const isQuoted = (part: string): boolean => part.startsWith('"');
const hasStar = (part: string): boolean => !isQuoted(part) && part.includes('*');
const plain = (part: string): string => (isQuoted(part) ? part.slice(1, -1).replaceAll('""', '"') : part);

function matcher(part: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const pieces = isQuoted(part) ? [plain(part)] : part.split('*');
  return new RegExp(`^${pieces.map(literal).join('.*')}$`, 's');
}

/**
 * The tables that the patterns name, each once, in the order of `known`. A whole schema of `schemas` may have none. Throws `restore.unknown_table` with names that
 * are near for a pattern that fits nothing, and for a name alone that several schemas have.
 */
export function chooseTables<T extends TableName>(
  patterns: readonly TablePattern[],
  known: readonly T[],
  schemas: ReadonlySet<string> = new Set(),
): T[] {
  const chosen = new Set<T>();
  for (const pattern of patterns) {
    const fitting = known.filter((table) => fits(pattern, table));
    if (fitting.length === 0 && schemas.has(pattern.wholeSchema ?? '')) continue;
    if (fitting.length === 0) throw unknown(pattern, known);
    if (fitting.length > 1 && pattern.schema === undefined && !pattern.text.includes('*')) {
      throw new LifeboatError('restore.unknown_table', `several schemas have a table ${pattern.text}`, {
        hint: `Name one: ${fitting.map(shownTable).join(', ')}`,
      });
    }
    for (const table of fitting) chosen.add(table);
  }
  return known.filter((table) => chosen.has(table));
}

export const fits = (pattern: TablePattern, { schema, name }: TableName): boolean =>
  pattern.name.test(name) && (pattern.schema?.test(schema) ?? true);

/** The one of these that may be meant by what fits none of them. */
export const nearTo = (pattern: TablePattern, known: readonly TableName[]): string | undefined =>
  nearest(pattern.text, namesFor(pattern, known));

/** As somebody would name them who wrote this. */
const namesFor = ({ schema }: TablePattern, known: readonly TableName[]): string[] => [
  ...new Set(known.map((table) => (schema === undefined ? table.name : shownTable(table)))),
];

function unknown(pattern: TablePattern, known: readonly TableName[]): LifeboatError {
  return new LifeboatError('restore.unknown_table', `the point has no table ${pattern.text}`, {
    hint:
      didYouMean(pattern.text, namesFor(pattern, known)) ??
      'This database has no tables in the point: name another one with --database.',
  });
}
