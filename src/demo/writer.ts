import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { isoTime, limits, systemClock, systemCodeOf } from '../core/index.ts';
import { amountCentsOf, customerOf, priceCentsOf, uploadNameOf } from './content.ts';

/**
 * The demo's customers, as a process of its own: `node writer.ts KIND LEDGER START PAUSE_MS`, where to write in DEMO_TARGET.
 * Each write is entered into the ledger only after it was acknowledged. Goes on through errors, as customers do, until ended.
 */
const writers: Record<string, (target: string) => (sequence: number) => Promise<string>> = {
  orders: (target) => {
    let client: Client | undefined;
    return async (sequence) => {
      try {
        client ??= await connect(target);
        const amount = amountCentsOf(sequence);
        await client.query(
          'insert into orders (sequence, customer_id, amount_cents, placed_at) values ($1, $2, $3, clock_timestamp())',
          [sequence, customerOf(sequence), amount],
        );
        return String(amount);
      } catch (error) {
        client = undefined;
        throw error;
      }
    };
  },
  catalog: (target) => {
    // Opened for each write: a database that was deleted under an open handle would go on taking writes that nobody can read.
    return async (sequence) => {
      const database = new DatabaseSync(target, { timeout: limits.sqliteBusyMs, open: true });
      try {
        const price = priceCentsOf(sequence);
        database
          .prepare('insert into products (sequence, name, price_cents, changed_at) values (?, ?, ?, ?)')
          .run(sequence, `Product ${sequence}`, price, isoTime(systemClock.now()));
        return String(price);
      } finally {
        database.close();
      }
    };
  },
  uploads: (target) => async (sequence) => {
    const path = join(target, uploadNameOf(sequence));
    const bytes = randomBytes(2_000 + ((sequence * 7_919) % 60_000));
    makeFolder(dirname(path));
    await writeFile(`${path}.tmp`, bytes, { flush: true });
    await rename(`${path}.tmp`, path);
    return createHash('sha256').update(bytes).digest('hex');
  },
};

/** Not with its parents: when the whole folder of uploads is gone, uploading must fail, not start a new one. */
function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
  }
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: limits.connectTimeoutMs });
  // A server that dies tells idle clients too; the next write meets the same error and counts it.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function main([kind = '', ledger = '', start = '1', pauseMs = '10']: string[]): Promise<void> {
  const writer = writers[kind];
  const target = process.env['DEMO_TARGET'];
  if (writer === undefined || target === undefined) throw new Error(`unknown writer ${kind}`);
  const write = writer(target);
  for (let sequence = Number(start); ;) {
    try {
      const content = await write(sequence);
      appendFileSync(ledger, `${JSON.stringify({ sequence, atMs: systemClock.now(), content })}\n`);
      sequence += 1;
    } catch {
      // Customers of a shop that is down try again; what was not acknowledged is in no ledger.
      await systemClock.sleep(100);
    }
    await systemClock.sleep(Number(pauseMs));
  }
}

void main(process.argv.slice(2));
