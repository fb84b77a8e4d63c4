import type { Client } from 'pg';
import { LifeboatError } from '../../../core/index.ts';
import { quoted, shownTable, sqlTable } from './names.ts';
import type { Merge } from './compare.ts';
import type { Relation } from './relations.ts';

/** Statements around a load, and what makes everything as it was before. */
export interface Frame {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * While rows are put back no trigger of the users fires, and foreign keys among the tables are looked at when all rows are there. Both are
 * given back as they were.
 */
export async function frameOf(client: Client, merges: readonly Merge[]): Promise<Frame> {
  const frames = [await triggersOff(client, merges), await keysLater(client, merges)];
  return {
    before: frames.flatMap(({ before }) => before),
    // Nothing may be altered while a check is still due.
    after: ['set constraints all immediate', ...frames.flatMap(({ after }) => after)],
  };
}

const enabling: Readonly<Record<string, string>> = { O: 'enable', R: 'enable replica', A: 'enable always' };

async function triggersOff(client: Client, merges: readonly Merge[]): Promise<Frame> {
  const { rows } = await client.query<{ schema: string; table: string; name: string; state: string }>(
    `select n.nspname as schema, c.relname as table, t.tgname as name, t.tgenabled as state
     from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
     where not t.tgisinternal and t.tgenabled <> 'D'
       and (c.oid = any ($1::oid[]) or exists (select from pg_partition_ancestors(c.oid) a where a.relid = any ($1::oid[])))
     order by 1, 2, 3`,
    [idsOf(merges)],
  );
  const alter = ({ schema, table, name }: (typeof rows)[number], how: string): string =>
    `alter table only ${sqlTable({ schema, name: table })} ${how} trigger ${quoted(name)}`;
  return {
    before: rows.map((row) => alter(row, 'disable')),
    after: rows.map((row) => alter(row, enabling[row.state] ?? 'enable')),
  };
}

async function keysLater(client: Client, merges: readonly Merge[]): Promise<Frame> {
  const { rows } = await client.query<{ schema: string; table: string; name: string; able: boolean; later: boolean }>(
    `select n.nspname as schema, c.relname as table, k.conname as name, k.condeferrable as able, k.condeferred as later
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and k.conrelid = any ($1::oid[]) and k.confrelid = any ($1::oid[])
       and coalesce(to_jsonb(k) ->> 'conenforced', 'true') = 'true'
     order by 1, 2, 3`,
    [idsOf(merges)],
  );
  const alter = ({ schema, table, name }: (typeof rows)[number], how: string): string =>
    `alter table ${sqlTable({ schema, name: table })} alter constraint ${quoted(name)} ${how}`;
  return {
    before: rows.filter(({ later }) => !later).map((row) => alter(row, 'deferrable initially deferred')),
    after: rows
      .filter(({ later }) => !later)
      .map((row) => alter(row, row.able ? 'deferrable initially immediate' : 'not deferrable')),
  };
}

const idsOf = (merges: readonly Merge[]): string[] => merges.map(({ table }) => table.id);

/**
 * What would change more than the rows that were named: a rule on the table; a foreign key of another table that follows a column which is no part
 * of the key. Throws `asset.unsupported`.
 */
export async function mustTouchNothingElse(client: Client, { table, key = [] }: Merge): Promise<void> {
  const { rows: rules } = await client.query<{ name: string }>(
    `select rulename as name from pg_rewrite where ev_class = $1 and ev_enabled <> 'D'`,
    [table.id],
  );
  if (rules[0] !== undefined) throw unfit(table, `the rule ${rules[0].name} would act on the rows that are put back`);
  const { rows: following } = await client.query<{ name: string; by: string; columns: string[] }>(
    `select k.conname as name, k.conrelid::regclass::text as by,
            array(select a.attname::text from pg_attribute a where a.attrelid = k.confrelid and a.attnum = any (k.confkey)) as columns
     from pg_constraint k where k.contype = 'f' and k.confrelid = $1 and k.conparentid = 0 and k.confupdtype in ('c', 'n', 'd')`,
    [table.id],
  );
  const follows = following.find(({ columns }) => columns.some((name) => !key.some((one) => one.name === name)));
  if (follows !== undefined)
    throw unfit(table, `${follows.by} would be changed with it, by its foreign key ${follows.name}`);
}

const unfit = (table: Relation, why: string): LifeboatError =>
  new LifeboatError('asset.unsupported', `rows of ${shownTable(table)} cannot be put back where it is: ${why}`, {
    hint: 'Put it into another schema and take from there what is needed: --existing schema=NAME',
  });
