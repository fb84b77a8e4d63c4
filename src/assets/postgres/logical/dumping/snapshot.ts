import type { Client } from 'pg';
import { LifeboatError, limits, systemClock } from '../../../../core/index.ts';
import type { Newest } from '../../../asset.ts';
import { measureWith, withDatabase, type Measure } from '../../copy/check.ts';
import { connect, serverError } from '../../link/connection.ts';
import type { Collation } from '../facts.ts';
import { providerOf, textOf } from './source.ts';
import { extensionsOf, structureOf } from '../structure.ts';

/** What one moment of a database holds, as the server itself says. */
export interface Seen {
  readonly structure: Record<string, number>;
  readonly extensions: readonly { name: string; version: string }[];
  readonly collations: readonly Collation[];
  readonly tables: ReadonlyMap<number, { schema: string; name: string; ofExtension: boolean }>;
  readonly newest: Newest | undefined;
}

/**
 * One moment of a database, held open so that pg_dump reads the same one: what is counted here must be what it writes. The moment
 * lasts until `close`, or until pg_dump has taken it over and `letGo` is called.
 */
export class Snapshot {
  readonly #client: Client;
  readonly id: string;
  /** The server’s clock before the moment: everything that was acknowledged before is in it. */
  readonly atMs: number;

  private constructor(client: Client, id: string, atMs: number) {
    this.#client = client;
    this.id = id;
    this.atMs = atMs;
  }

  static async open(url: string, database: string): Promise<Snapshot> {
    const client = await connect(withDatabase(url, database));
    try {
      // The session waits while pg_dump begins; a server that ends idle transactions must not end this one.
      await client.query(`select set_config(name, '0', false) from pg_settings
        where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')`);
      const clock = await client.query<{ ms: string }>(
        `select floor(extract(epoch from clock_timestamp()) * 1000) as ms`,
      );
      await client.query('begin isolation level repeatable read read only');
      const { rows } = await client.query<{ id: string }>('select pg_export_snapshot() as id');
      return new Snapshot(client, String(rows[0]?.id), Number(clock.rows[0]?.ms));
    } catch (error) {
      await client.end().catch(() => {}); // it failed already, and that error tells why
      throw serverError(error);
    }
  }

  async look(measure: Measure | undefined): Promise<Seen> {
    try {
      return {
        structure: await structureOf(this.#client),
        extensions: await extensionsOf(this.#client),
        collations: await collationsOf(this.#client),
        tables: await tablesOf(this.#client),
        newest: measure === undefined ? undefined : await measureWith(this.#client, measure),
      };
    } catch (error) {
      throw serverError(error);
    }
  }

  /** Ends the session; pg_dump holds the moment by itself, or nobody needs it any more. May be called again. */
  async close(): Promise<void> {
    const patience = new AbortController();
    const goodbye = this.#client
      .end()
      .catch(() => {}) // the server is gone, and the session with it
      .finally(() => patience.abort());
    // A network that died answers nobody.
    await Promise.race([goodbye, systemClock.sleep(limits.goodbyeMs, patience.signal).catch(() => {})]);
  }
}

async function tablesOf(client: Client): Promise<Seen['tables']> {
  const { rows } = await client.query<{ oid: string; schema: string; name: string; extension: boolean }>(
    `select c.oid::text, n.nspname as schema, c.relname as name,
            exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as extension
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_(catalog$|toast|temp_)'`,
  );
  return new Map(
    rows.map(({ oid, schema, name, extension }) => [Number(oid), { schema, name, ofExtension: extension }]),
  );
}

/** Those that people’s columns, indexes and types use by name, and those that people made: a copy cannot be made without them. */
async function collationsOf(client: Client): Promise<Collation[]> {
  const { rows } = await client.query<{ schema: string; row: Record<string, unknown> }>(
    `select n.nspname as schema, to_jsonb(c) as row from pg_collation c join pg_namespace n on n.oid = c.collnamespace
     where c.oid not in (100, 950, 951) and c.collprovider <> 'd'
       and (n.nspname <> 'pg_catalog'
            or c.oid in (select a.attcollation from pg_attribute a where a.attrelid >= 16384)
            or c.oid in (select unnest(i.indcollation) from pg_index i where i.indexrelid >= 16384)
            or c.oid in (select t.typcollation from pg_type t where t.oid >= 16384)
            or c.oid in (select r.rngcollation from pg_range r where r.rngtypid >= 16384))
     order by 1, c.collname`,
  );
  if (rows.length > limits.collationsMax)
    throw new LifeboatError('limit.exceeded', `a database uses ${rows.length} collations`);
  return rows.map(({ schema, row }) => ({
    schema,
    name: String(row['collname']),
    provider: providerOf(row['collprovider']),
    ...textOf('locale', row['colllocale'] ?? row['colliculocale'] ?? row['collcollate']),
    ...textOf('version', row['collversion']),
  }));
}
