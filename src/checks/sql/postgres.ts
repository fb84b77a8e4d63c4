import { Client, Query } from 'pg';
import { LifeboatError, limits, messageOf } from '../../core/index.ts';
import type { CheckContext } from '../check.ts';
import { rowsMax, tooMany, type Row } from './rows.ts';

/** One statement in a read-only transaction that the server itself ends after a bounded time. */
export async function askPostgres(url: string, query: string, context: CheckContext): Promise<Row[]> {
  const client = clientOf(url);
  // The connection may also die between two calls; the call that waits for an answer reports it.
  client.on('error', () => {});
  const onAbort = (): void => void client.end().catch(() => {}); // whoever aborted does not wait for a polite end
  context.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await client.connect();
    return await readOnly(client, query);
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    throw new LifeboatError('check.unanswered', messageOf(error), { cause: error });
  } finally {
    context.signal?.removeEventListener('abort', onAbort);
    await client.end().catch(() => {}); // it may have ended by itself, which is what is wanted
  }
}

function clientOf(url: string): Client {
  return new Client({
    connectionString: url,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    application_name: 'lifeboat-check',
    types: { getTypeParser: (oid: number) => parserOf(oid) },
  });
}

const connectionCheckMs = 500;

async function readOnly(client: Client, query: string): Promise<Row[]> {
  await client.query('begin transaction read only');
  await client.query(`set local statement_timeout = ${limits.checkTimeoutMs}`);
  // A check that was given up closes its connection; the server then ends the query instead of working for nobody.
  await client.query(`set local client_connection_check_interval = ${connectionCheckMs}`);
  const rows = await rowsOf(client, query);
  await client.query('rollback');
  return rows;
}

/**
 * The extended protocol takes exactly one statement, so that nothing can end the transaction from inside the query. A query that
 * gives too much is given up while its rows still come in.
 */
function rowsOf(client: Client, text: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const rows: Row[] = [];
    const config = { text, queryMode: 'extended' };
    const query = client.query(new Query(config));
    query.on('row', (row) => {
      rows.push(row as Row);
      if (rows.length > rowsMax) reject(tooMany());
    });
    query.on('end', () => resolve(rows));
    query.on('error', reject);
    client.once('end', () => reject(new LifeboatError('check.unanswered', 'the connection ended before the answer')));
  });
}

const oids = {
  boolean: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
};

/** Numbers as numbers: whole ones exactly, however large; times as dates; the rest as the text the server sends. */
function parserOf(oid: number): (text: string) => unknown {
  if (oid === oids.boolean) return (text) => text === 't';
  if ([oids.int8, oids.int2, oids.int4, oids.oid].includes(oid)) return BigInt;
  if (oid === oids.float4 || oid === oids.float8) return Number;
  if (oid === oids.numeric) return (text) => (/^-?\d+$/.test(text) ? BigInt(text) : Number(text));
  if (oid === oids.json || oid === oids.jsonb) return JSON.parse;
  if (oid === oids.timestamptz) return (text) => dateOr(text, text);
  if (oid === oids.timestamp) return (text) => dateOr(`${text}Z`, text);
  return (text) => text;
}

const dateOr = (read: string, text: string): unknown => {
  const date = new Date(read.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));
  return Number.isNaN(date.getTime()) ? text : date; // infinity, or a year before 1
};
