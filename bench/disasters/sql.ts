import { Client } from 'pg';

export type Row = Record<string, unknown>;

/** On a connection of its own, which is closed afterwards; the rows of the last statement. */
export async function query(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  // A server that is killed tells idle clients too; the query meets the same error.
  client.on('error', () => {});
  await client.connect();
  try {
    return [await client.query<Row>(text)].flat().at(-1)?.rows ?? [];
  } finally {
    await client.end().catch(() => {}); // it is gone already
  }
}

export async function value(url: string, text: string): Promise<string> {
  return String(Object.values((await query(url, text))[0] ?? {})[0]);
}
