import type { Client } from 'pg';
import { quoted, quotedText, shownTable, sqlTable, type TableName } from './names.ts';
import type { Relation } from './relations.ts';

/** A sequence that gives a column its values. */
export interface ColumnSequence extends TableName {
  readonly of: TableName;
  readonly column: string;
  readonly increment: bigint;
  readonly last: bigint;
  /** False: `last` is the value that comes next. */
  readonly isCalled: boolean;
}

/** The sequences that columns of these tables own or take their defaults from. */
export async function readSequences(client: Client, tables: readonly Relation[]): Promise<ColumnSequence[]> {
  const { rows } = await client.query<
    TableName & { tableSchema: string; tableName: string; column: string; increment: string }
  >(
    `select distinct n.nspname as schema, c.relname as name, tn.nspname as "tableSchema", t.relname as "tableName", a.attname as column,
            s.seqincrement::text as increment
     from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
          join (select objid as sequence, refobjid as relation, refobjsubid as number from pg_depend
                where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
                union
                select d.refobjid, f.adrelid, f.adnum from pg_depend d join pg_attrdef f on f.oid = d.objid
                where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass) d on d.sequence = c.oid
          join pg_attribute a on a.attrelid = d.relation and a.attnum = d.number
          join pg_class t on t.oid = d.relation join pg_namespace tn on tn.oid = t.relnamespace
     where d.relation = any ($1::oid[]) order by 1, 2`,
    [tables.map(({ id }) => id)],
  );
  const found: ColumnSequence[] = [];
  for (const row of rows) {
    const state = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${sqlTable(row)}`,
    );
    const { last = '0', called = false } = state.rows[0] ?? {};
    found.push({
      schema: row.schema,
      name: row.name,
      of: { schema: row.tableSchema, name: row.tableName },
      column: row.column,
      increment: BigInt(row.increment),
      last: BigInt(last),
      isCalled: called,
    });
  }
  return found;
}

/**
 * Moves the sequences of the target past what the point gave out and past what stands in the columns; never back. A sequence is no part of a transaction: one that
 * was moved for nothing has a gap, which harms nobody.
 */
export async function moveSequences(
  client: Client,
  tables: readonly Relation[],
  ofPoint: readonly ColumnSequence[],
): Promise<{ name: string; to: string }[]> {
  const moved: { name: string; to: string }[] = [];
  for (const sequence of await readSequences(client, tables)) {
    const known = ofPoint.find(
      ({ of, column }) => sqlTable(of) === sqlTable(sequence.of) && column === sequence.column,
    );
    const reached = [await furthestRow(client, sequence), known?.isCalled === true ? known.last : undefined];
    const to = furthest(sequence, reached);
    if (to === undefined) continue;
    await client.query(`select setval(${quotedText(sqlTable(sequence))}::regclass, ${to}, true)`);
    moved.push({ name: shownTable(sequence), to: String(to) });
  }
  return moved;
}

/** Undefined when the sequence is there already. */
function furthest(
  { increment, last, isCalled }: ColumnSequence,
  reached: readonly (bigint | undefined)[],
): bigint | undefined {
  const isPast = (a: bigint, b: bigint): boolean => (increment > 0n ? a > b : a < b);
  let best: bigint | undefined;
  for (const value of reached) if (value !== undefined && (best === undefined || isPast(value, best))) best = value;
  if (best === undefined || (isCalled ? !isPast(best, last) : isPast(last, best))) return undefined;
  return best;
}

async function furthestRow(client: Client, { of, column, increment }: ColumnSequence): Promise<bigint | undefined> {
  const { rows } = await client.query<{ value: string | null }>(
    `select ${increment > 0n ? 'max' : 'min'}(${quoted(column)})::text as value from ${sqlTable(of)}`,
  );
  const value = rows[0]?.value;
  return value !== undefined && value !== null && /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}
