import type { Client } from 'pg';
import type { Creation } from './change.ts';
import { quoted, shownTable, sqlTable } from './names.ts';

/**
 * What went with a table when it was dropped and belongs to others, so that it does not come back with it: their foreign keys to it, and views.
 * Sentences with the statement that helps. Of `wholeSchemas`, which are made anew, everything comes back.
 */
export async function leftBehind(
  sandbox: Client,
  target: Client,
  creations: readonly Creation[],
  wholeSchemas: readonly string[],
): Promise<string[]> {
  const ids = creations.map(({ table }) => table.id);
  if (ids.length === 0) return [];
  const { rows: keys } = await sandbox.query<{ schema: string; table: string; name: string; definition: string }>(
    `select n.nspname as schema, c.relname as table, k.conname as name, pg_get_constraintdef(k.oid) as definition
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and k.confrelid = any ($1::oid[]) and not k.conrelid = any ($1::oid[])
       and not exists (select from pg_partition_ancestors(k.conrelid) a where a.relid = any ($1::oid[]))`,
    [ids],
  );
  const { rows: views } = await sandbox.query<{ schema: string; name: string }>(
    `select distinct n.nspname as schema, v.relname as name
     from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class v on v.oid = r.ev_class
          join pg_namespace n on n.oid = v.relnamespace
     where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = any ($1::oid[])
       and not v.oid = any ($1::oid[]) and not n.nspname = any ($2::name[])`,
    [ids, wholeSchemas],
  );
  const sentences: string[] = [];
  for (const { schema, table, name, definition } of keys) {
    const { rows } = await target.query<{ tables: string; keys: string }>(
      `select count(*) as tables, count(k.oid) as keys from pg_class c join pg_namespace n on n.oid = c.relnamespace
              left join pg_constraint k on k.conrelid = c.oid and k.conname = $3
       where n.nspname = $1 and c.relname = $2`,
      [schema, table, name],
    );
    if (rows[0]?.tables !== '1' || rows[0].keys !== '0') continue;
    const shown = shownTable({ schema, name: table });
    sentences.push(
      `${shown} had a foreign key to a table that is made anew; to give it back: alter table ${sqlTable({ schema, name: table })} add constraint ${quoted(name)} ${definition}`,
    );
  }
  for (const view of views) {
    const { rows } = await target.query<{ there: boolean }>(`select to_regclass($1) is not null as there`, [
      sqlTable(view),
    ]);
    if (rows[0]?.there !== true)
      sentences.push(
        `The view ${shownTable(view)} of the point is not in the target: it does not come back with a table.`,
      );
  }
  return sentences;
}
