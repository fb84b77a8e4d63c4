import type { Client } from 'pg';
import { z } from 'zod';
import type { CheckKind } from '../../../checks/index.ts';
import { LifeboatError, messageOf } from '../../../core/index.ts';
import { inEachDatabase, observationOf, wholeMs } from './ask.ts';

const schema = z
  .enum(['all', 'indexes'])
  .describe('all: tables by verify_heapam and B-tree indexes with every row of their tables; indexes: these only.');
type Settings = z.infer<typeof schema>;

/**
 * `amcheck: all`: the server's own module looks whether tables and indexes are what they should be, and whether every row is in every index.
 * Gives `wrong` and `looked`. A restored copy need not have the module installed: it is made within a transaction that is rolled back.
 */
export const amcheckCheck: CheckKind<Settings> = {
  kind: 'amcheck',
  schema,
  timeoutMs: wholeMs,
  describe: (settings) => (settings === 'all' ? 'amcheck of tables and indexes' : 'amcheck of indexes'),
  observe: async (settings, context) => {
    const wrong: string[] = [];
    let looked = 0;
    await inEachDatabase(context, async (client, database) => {
      await client.query('begin');
      await useModule(client);
      for (const relation of await relationsOf(client, settings)) {
        looked += 1;
        const found = await verify(client, relation);
        if (found !== undefined) wrong.push(`${database}: ${relation.name}: ${found}`);
      }
      await client.query('rollback');
    });
    return observationOf(wrong, looked, 'tables and indexes are sound', 'none damaged');
  },
};

interface Relation {
  readonly oid: number;
  readonly name: string;
  readonly isIndex: boolean;
}

/** Of a live source nothing is changed, not even for a moment. */
async function useModule(client: Client): Promise<void> {
  const { rows } = await client.query<{ schema: string | null; copy: boolean }>(
    `select (select extnamespace::regnamespace::text from pg_extension where extname = 'amcheck') as schema,
            current_setting('cluster_name') = 'lifeboat restored copy' as copy`,
  );
  const { schema: place, copy } = rows[0] as { schema: string | null; copy: boolean };
  if (place !== null) return void (await client.query(`set local search_path = ${place}, pg_catalog`));
  if (!copy) {
    throw new LifeboatError('check.unanswered', 'the extension amcheck is not installed in a database of this server', {
      hint: 'CREATE EXTENSION amcheck. A restored copy does not need it.',
    });
  }
  try {
    await client.query('create schema lifeboat_amcheck');
    await client.query('create extension amcheck schema lifeboat_amcheck');
  } catch (error) {
    throw new LifeboatError('check.unanswered', `the extension amcheck cannot be used here: ${messageOf(error)}`, {
      hint: 'It comes with the server (Debian: in the package postgresql-NN), and needs a superuser.',
      cause: error,
    });
  }
  await client.query('set local search_path = lifeboat_amcheck, pg_catalog');
}

async function relationsOf(client: Client, settings: Settings): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(
    `select c.oid::int8::int as oid, c.relnamespace::regnamespace || '.' || c.relname as name, c.relkind = 'i' as "isIndex"
       from pg_class c
       left join pg_index i on i.indexrelid = c.oid
      where c.relpersistence <> 't'
        and ((c.relkind = 'i' and i.indisready and i.indisvalid
              and c.relam = (select oid from pg_am where amname = 'btree'))
             or ($1 and c.relkind in ('r', 'm', 't') and c.relam = (select oid from pg_am where amname = 'heap')))
      order by 3, 2`,
    [settings === 'all'],
  );
  return rows;
}

/** What is wrong with it. A page that cannot be read at all ends a statement, and only that. */
async function verify(client: Client, { oid, isIndex }: Relation): Promise<string | undefined> {
  await client.query('savepoint one');
  try {
    if (isIndex) {
      await client.query('select bt_index_check($1::oid::regclass, true)', [oid]);
    } else {
      const { rows } = await client.query<{ blkno: string; msg: string }>(
        'select blkno, msg from verify_heapam($1::oid::regclass, on_error_stop => true, check_toast => true) limit 1',
        [oid],
      );
      if (rows[0] !== undefined) return `page ${rows[0].blkno}: ${rows[0].msg}`;
    }
    await client.query('release savepoint one');
    return undefined;
  } catch (error) {
    await client.query('rollback to savepoint one');
    return messageOf(error);
  }
}
