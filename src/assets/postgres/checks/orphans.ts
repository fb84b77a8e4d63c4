import type { Client } from 'pg';
import { z } from 'zod';
import type { CheckKind } from '../../../checks/index.ts';
import { inEachDatabase, observationOf, onConnection, serverOf, wholeMs } from './ask.ts';

const schema = z
  .string()
  .min(1)
  .describe('all: every foreign key that any table declares; else a query that gives the rows that must not exist.');

/**
 * `orphans: all`: rows that point at rows which are not there, by every declared foreign key; a database restored with holes has them, and
 * its server does not look again. `orphans: select …`: the same for what no key declares. Gives `wrong` and `looked`.
 */
export const orphansCheck: CheckKind<string> = {
  kind: 'orphans',
  schema,
  timeoutMs: wholeMs,
  describe: (settings) => (settings === 'all' ? 'no foreign key points at nothing' : 'no orphans'),
  observe: async (settings, context) => {
    if (settings !== 'all') {
      return onConnection(serverOf(context), context, async (client) => {
        await client.query('begin transaction read only');
        const count = await countOf(client, settings.replace(/;\s*$/, ''));
        return observationOf(count === 0 ? [] : [`${count} rows`], 1, 'query gives no row', 'no row');
      });
    }
    const wrong: string[] = [];
    let looked = 0;
    await inEachDatabase(context, async (client, database) => {
      await client.query('begin transaction read only');
      for (const { name, query } of await foreignKeysOf(client)) {
        looked += 1;
        const count = await countOf(client, query);
        if (count > 0) wrong.push(`${database}: ${count} rows of ${name}`);
      }
    });
    const observation = observationOf(wrong, looked, 'foreign keys hold', 'no row that points at nothing');
    // A plan may ask for it before there is the first one.
    return looked === 0 ? { ...observation, ok: true, observed: 'no table declares a foreign key' } : observation;
  },
};

/** The extended protocol takes exactly one statement. */
async function countOf(client: Client, query: string): Promise<number> {
  const text = `select count(*)::text as n from (${query}\n) as lifeboat_rows`;
  const { rows } = await client.query<{ n: string }>({ text, queryMode: 'extended' } as { text: string });
  return Number(rows[0]?.n);
}

/** Columns that are null point at nothing on purpose (MATCH SIMPLE). */
async function foreignKeysOf(client: Client): Promise<{ name: string; query: string }[]> {
  const { rows } = await client.query<{ name: string; query: string }>(
    `select conrelid::regclass || ' (' || conname || ')' as name,
            format('select from %s c where %s and not exists (select from %s p where %s)',
                   conrelid::regclass, string_agg(format('c.%I is not null', a.attname), ' and '),
                   confrelid::regclass, string_agg(format('p.%I = c.%I', f.attname, a.attname), ' and ')) as query
       from pg_constraint
      cross join lateral unnest(conkey, confkey) as k (child, parent)
       join pg_attribute a on a.attrelid = conrelid and a.attnum = k.child
       join pg_attribute f on f.attrelid = confrelid and f.attnum = k.parent
      where contype = 'f' and conparentid = 0
      group by pg_constraint.oid, conrelid, confrelid, conname
      order by 1`,
  );
  return rows;
}
