import type { Client } from 'pg';
import type { SurveyRemark } from '../../../asset.ts';
import { parseServerUrl } from '../../link/address.ts';
import { withConnection } from '../../link/connection.ts';
import { stoppable } from '../../link/stoppable.ts';
import { readLogicalSource } from './source.ts';

/** Whether a dump may read everything, and which databases no dump of this asset holds. */
export async function surveyDatabases(
  url: string,
  named: readonly string[] | undefined,
  signal: AbortSignal | undefined,
): Promise<SurveyRemark[]> {
  const { databases } = await readLogicalSource(url, named);
  const remarks: SurveyRemark[] = [];
  for (const { name } of databases) {
    const ofDatabase = await withConnection(urlOf(url, name), (client) =>
      stoppable(client, signal, async () => [...(await unreadable(client, name)), ...(await filtered(client, name))]),
    );
    remarks.push(...ofDatabase);
  }
  if (named === undefined) return remarks;
  return [
    ...remarks,
    ...(await withConnection(url, (client) => stoppable(client, signal, () => uncovered(client, named)))),
  ];
}

function urlOf(url: string, database: string): string {
  const changed = parseServerUrl(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}

const inUse = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;

async function unreadable(client: Client, database: string): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ name: string; count: number; user: string }>(
    `select n.nspname || '.' || c.relname as name, (count(*) over ())::int as count, current_user::text as "user"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'm', 'S') and ${inUse}
       and not (has_schema_privilege(n.oid, 'usage') and case c.relkind
         when 'S' then has_sequence_privilege(c.oid, 'select') else has_table_privilege(c.oid, 'select') end)
     order by 1 limit 1`,
  );
  const row = rows[0];
  if (row === undefined) return [];
  const what = row.count === 1 ? row.name : `${row.count} tables and sequences, among them ${row.name}`;
  return [
    {
      about: 'rights',
      severity: 'error',
      message: `${row.user} may not read ${what} in the database ${database}, so that a dump of it fails`,
      hint: `GRANT pg_read_all_data TO ${row.user};`,
    },
  ];
}

/** Pitfall: row-level security skips rows; pg_dump refuses rather than leave them out. */
async function filtered(client: Client, database: string): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ name: string; count: number; user: string }>(
    `select n.nspname || '.' || c.relname as name, (count(*) over ())::int as count, current_user::text as "user"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and ${inUse} and c.relrowsecurity and row_security_active(c.oid)
     order by 1 limit 1`,
  );
  const row = rows[0];
  if (row === undefined) return [];
  const what = row.count === 1 ? row.name : `${row.count} tables, among them ${row.name}`;
  return [
    {
      about: 'rights',
      severity: 'error',
      message: `row security hides rows of ${what} in the database ${database} from ${row.user}, so that a dump of it fails`,
      hint: `ALTER ROLE ${row.user} BYPASSRLS;`,
    },
  ];
}

async function uncovered(client: Client, named: readonly string[]): Promise<SurveyRemark[]> {
  const { rows } = await client.query<{ name: string }>(
    `select datname::text as name from pg_database
     where datallowconn and not datistemplate and datname <> 'postgres' and datname <> all($1::text[]) order by 1`,
    [named],
  );
  return rows.map(({ name }) => ({
    about: 'uncovered',
    severity: 'warning',
    thing: `database ${name}`,
    message: `the database ${name} is on the server, and no dump has it`,
    hint: 'Name it under databases of the asset, or write down under assets why it is excluded.',
  }));
}
