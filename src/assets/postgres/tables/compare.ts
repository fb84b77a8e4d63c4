import type { Client } from 'pg';
import { LifeboatError } from '../../../core/index.ts';
import type { ComparedRows } from '../../tables.ts';
import { quoted, shownTable, sqlTable } from './names.ts';
import { describeTable, rowsOf, type Column, type KeyColumn, type Relation } from './relations.ts';

/** A table of the target and the rows of the point that lie beside it in a temporary one. */
export interface Merge {
  readonly table: Relation;
  /** `pg_temp.lifeboat_1`: rows of the point, only `columns`. */
  readonly stage: string;
  /** Those that both have and that can be written, in the target's order. */
  readonly columns: readonly Column[];
  readonly key: readonly KeyColumn[] | undefined;
}

/**
 * Makes an empty temporary table beside one of the target, for the columns that the point has. Throws `asset.unsupported` when the target lacks a column of the
 * point, for what was in it would be lost in silence.
 */
export async function makeStage(
  client: Client,
  table: Relation,
  ofPoint: readonly Column[],
  number: number,
): Promise<{ merge: Merge; warnings: string[] }> {
  const { columns: there, key } = await describeTable(client, table);
  const lacking = ofPoint.filter(({ name, isGenerated }) => !isGenerated && !there.some((one) => one.name === name));
  if (lacking.length > 0) {
    throw new LifeboatError(
      'asset.unsupported',
      `${shownTable(table)} in the target has no column ${lacking.map(({ name }) => name).join(', ')}, the point has`,
      { hint: 'Put the table into another schema: --existing schema=NAME' },
    );
  }
  const inPoint = new Set(ofPoint.map(({ name }) => name));
  const columns = there.filter(({ name, isGenerated }) => !isGenerated && inPoint.has(name));
  const warnings = there
    .filter(({ name, isGenerated }) => !isGenerated && !inPoint.has(name))
    .map(({ name }) => `${shownTable(table)}.${name} is not in the point: rows that come back get its default.`);
  const usable = key?.every(({ name }) => inPoint.has(name)) === true ? key : undefined;
  const stage = `pg_temp.${quoted(`lifeboat_${number}`)}`;
  await client.query(
    `create temporary table ${quoted(`lifeboat_${number}`)} as select ${namesOf(columns)} from ${rowsOf(table)} with no data`,
  );
  return { merge: { table, stage, columns, key: usable }, warnings };
}

/** Counts what a merge meets. Throws `asset.unsupported` for rows that cannot be known again. */
export async function compare(client: Client, merge: Merge): Promise<ComparedRows> {
  const { table, stage, key } = merge;
  if (key === undefined) return compareWithoutKey(client, merge);
  const { rows } = await client.query<Record<'all' | 'existing' | 'changed' | 'there', string>>(
    `select count(*) as all, count(t.ctid) as existing, count(*) filter (where t.ctid is not null and ${differs(merge)}) as changed,
            (select count(*) from ${rowsOf(table)}) as there
     from ${stage} s left join ${rowsOf(table)} t on ${sameKey(key)}`,
  );
  const [all = 0, existing = 0, changed = 0, there = 0] = ['all', 'existing', 'changed', 'there'].map((name) =>
    Number(rows[0]?.[name as 'all']),
  );
  return { missing: all - existing, same: existing - changed, changed, onlyInTarget: there - existing };
}

async function compareWithoutKey(client: Client, { table, stage }: Merge): Promise<ComparedRows> {
  const { rows } = await client.query<{ all: string; there: boolean }>(
    `select (select count(*) from ${stage}) as all, exists (select from ${rowsOf(table)}) as there`,
  );
  if (rows[0]?.there === true) {
    throw new LifeboatError(
      'asset.unsupported',
      `${shownTable(table)} has rows and neither a primary key nor a unique index on columns that are never null: nobody can tell which rows it has already`,
      { hint: 'Put it into another schema and take from there what is needed: --existing schema=NAME' },
    );
  }
  return { missing: Number(rows[0]?.all), same: 0, changed: 0, onlyInTarget: 0 };
}

export const namesOf = (columns: readonly { name: string }[], of = ''): string =>
  columns.map(({ name }) => `${of}${quoted(name)}`).join(', ');

/** Of the target (t) and the point (s). */
export const sameKey = (key: readonly KeyColumn[]): string =>
  key.map(({ name, operator }) => `t.${quoted(name)} operator(${operator}) s.${quoted(name)}`).join(' and ');

/** Byte by byte, so that types without an order or equality of their own (json, xml) are compared too. */
export const differs = ({ columns, key = [] }: Merge): string => {
  const compared = columns.filter((column) => isWritable(column, key));
  if (compared.length === 0) return 'false';
  return `row(${namesOf(compared, 't.')})::record operator(pg_catalog.*<>) row(${namesOf(compared, 's.')})::record`;
};

/** Neither what it is known by nor what only the server gives. */
export const isWritable = ({ name, isIdentityAlways }: Column, key: readonly KeyColumn[]): boolean =>
  !isIdentityAlways && !key.some((one) => one.name === name);

/** Rows of the target that another content comes for. */
export const changedRows = (merge: Merge): string =>
  `from ${rowsOf(merge.table)} t join ${merge.stage} s on ${sameKey(merge.key ?? [])} where ${differs(merge)}`;

export const insertMissing = ({ table, stage, columns, key }: Merge): string => {
  const fresh = key === undefined ? '' : ` where not exists (select from ${rowsOf(table)} t where ${sameKey(key)})`;
  return `insert into ${sqlTable(table)} (${namesOf(columns)}) overriding system value select ${namesOf(columns, 's.')} from ${stage} s${fresh}`;
};

export const updateChanged = (merge: Merge): string | undefined => {
  const { table, stage, columns, key = [] } = merge;
  const written = columns.filter((column) => isWritable(column, key));
  if (written.length === 0 || key.length === 0) return undefined;
  const set = written.map(({ name }) => `${quoted(name)} = s.${quoted(name)}`).join(', ');
  return `update ${rowsOf(table)} t set ${set} from ${stage} s where ${sameKey(key)} and ${differs(merge)}`;
};
