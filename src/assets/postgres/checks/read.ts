import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import { to } from 'pg-copy-streams';
import { z } from 'zod';
import type { CheckKind } from '../../../checks/index.ts';
import { messageOf } from '../../../core/index.ts';
import { inEachDatabase, observationOf, wholeMs } from './ask.ts';

const schema = z.literal('all').describe('all: every row of every table and materialized view of every database.');

/**
 * `read: all`: the server reads every row, with everything that is kept apart from it because it is large; counting rows would not. A missing
 * piece or a page that does not fit its checksum is named with its table. Gives `wrong` and `looked`.
 */
export const readCheck: CheckKind<'all'> = {
  kind: 'read',
  schema,
  timeoutMs: wholeMs,
  describe: () => 'every row can be read',
  observe: async (_, context) => {
    const wrong: string[] = [];
    let looked = 0;
    await inEachDatabase(context, async (client, database) => {
      for (const { name, query } of await tablesOf(client)) {
        context.signal?.throwIfAborted();
        looked += 1;
        await readTable(client, query).catch((error: unknown) => {
          wrong.push(`${database}: ${name}: ${messageOf(error)}`);
        });
      }
    });
    return observationOf(wrong, looked, 'tables were read', 'every row read');
  },
};

const readTable = (client: Client, query: string): Promise<void> =>
  pipeline(client.query(to(`copy (${query}) to stdout`)), new Writable({ write: (_piece, _encoding, done) => done() }));

/** Those of the server itself as far as the user may see them; those of people all, or it is said which not. */
async function tablesOf(client: Client): Promise<{ name: string; query: string }[]> {
  const { rows } = await client.query<{ name: string; query: string }>(
    `select c.oid::regclass::text as name, format('select * from only %s', c.oid::regclass) as query
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where (c.relkind = 'r' or (c.relkind = 'm' and c.relispopulated)) and c.relpersistence <> 't'
        and (n.nspname not in ('pg_catalog', 'information_schema') or has_table_privilege(c.oid, 'select'))
      order by 1`,
  );
  return rows;
}
