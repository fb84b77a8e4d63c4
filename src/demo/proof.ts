import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { limits } from '../core/index.ts';

/** What is in a restored copy, by sequence: read from outside, by programs that know nothing of the restore. */
export async function readOrders(url: string): Promise<Map<number, string>> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: limits.connectTimeoutMs });
  await client.connect();
  try {
    const { rows } = await client.query<[string, string]>({
      text: 'select sequence::text, amount_cents::text from orders',
      rowMode: 'array',
    });
    return new Map(rows.map(([sequence, amount]) => [Number(sequence), amount]));
  } finally {
    await client.end();
  }
}

export function readProducts(path: string): Map<number, string> {
  const database = new DatabaseSync(path, { readOnly: true, timeout: limits.sqliteBusyMs });
  try {
    const rows = database.prepare('select sequence, price_cents from products').all();
    return new Map(rows.map((row) => [Number(row['sequence']), String(row['price_cents'])]));
  } finally {
    database.close();
  }
}

export async function readUploads(folder: string): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const item of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const sequence = /^(\d+)\.bin$/.exec(item.name)?.[1];
    if (item.isFile() && sequence !== undefined)
      found.set(Number(sequence), await sha256Of(join(item.parentPath, item.name)));
  }
  return found;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
