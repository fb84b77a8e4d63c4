import { mkdir, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';
import { makeCluster, type RunningServer } from '../app/index.ts';
import { limits, LifeboatError, Secret, systemClock } from '../core/index.ts';
import type { DemoFolder } from './folder.ts';
import { readLedger } from './ledger.ts';
import { startWriter, type Writer } from './writers.ts';

export interface Shop {
  readonly ledgers: string;
  /** Returns when every writer has had its first writes acknowledged. */
  waitForWrites(signal: AbortSignal): Promise<void>;
  /** Kills the database server and deletes everything on the floor, while the writers go on. Milliseconds since 1970 of the kill. */
  disaster(): Promise<number>;
  close(): Promise<void>;
}

/** Orders that were there before the demo began: something to carry, about 30 MB. */
const earlierOrders = 200_000;

/** A PostgreSQL of our own with orders, a SQLite catalogue and a folder of uploads, each under steady writes. */
export async function openShop(folder: DemoFolder, signal: AbortSignal): Promise<Shop> {
  const opened: { stop(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const thing of opened.splice(0).toReversed()) await thing.stop();
  };
  try {
    const { url, server } = await openDatabase(folder);
    opened.push(server);
    const targets = { orders: url, catalog: openCatalog(folder), uploads: await openUploads(folder) };
    const writers: Writer[] = [];
    for (const [kind, target] of Object.entries(targets) as [keyof typeof targets, string][]) {
      writers.push(await startWriter(kind, target, folder.ledgers, kind === 'orders' ? earlierOrders + 1 : 1));
      opened.push(writers.at(-1) as Writer);
    }
    signal.throwIfAborted();
    return {
      ledgers: folder.ledgers,
      waitForWrites: (stop) => untilWritten(writers, stop),
      disaster: () => destroyFloor(folder, server),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openDatabase(folder: DemoFolder): Promise<{ url: string; server: RunningServer }> {
  const password = new Secret(randomBytes(18).toString('base64url'));
  const cluster = await makeCluster({ dataFolder: join(folder.floor, 'orders'), password: password.reveal() });
  const server = await cluster.start();
  process.env['ORDERS_URL'] = cluster.url;
  const client = new Client({ connectionString: cluster.url });
  await client.connect();
  try {
    await client.query(`
      create table customers (id int primary key, name text not null);
      insert into customers select i, 'Customer ' || i from generate_series(1, 500) i;
      create table orders (
        sequence bigint primary key, customer_id int not null references customers, amount_cents int not null,
        placed_at timestamptz not null, note text not null default '');
      insert into orders
        select i, 1 + i % 500, 100 + (i * 7919::bigint) % 50000, now(), md5(i::text) || md5((i * 31)::text)
        from generate_series(1, ${earlierOrders}) i;
    `);
  } finally {
    await client.end();
  }
  return { url: cluster.url, server };
}

function openCatalog(folder: DemoFolder): string {
  const path = join(folder.floor, 'catalog.db');
  const database = new DatabaseSync(path, { timeout: limits.sqliteBusyMs });
  database.exec(`
    pragma journal_mode = wal;
    create table products (
      sequence integer primary key, name text not null, price_cents integer not null, changed_at text not null) strict;
  `);
  database.close();
  return path;
}

async function openUploads(folder: DemoFolder): Promise<string> {
  const path = join(folder.floor, 'uploads');
  await mkdir(path);
  return path;
}

async function untilWritten(writers: readonly Writer[], signal: AbortSignal): Promise<void> {
  for (const { asset, ledger } of writers) {
    for (let tries = 0; ; tries += 1) {
      if ((await readLedger(ledger)).length > 0) break;
      if (tries > 100) throw new LifeboatError('internal', `the demo's ${asset} take no writes`);
      await systemClock.sleep(100, signal);
    }
  }
}

async function destroyFloor(folder: DemoFolder, server: RunningServer): Promise<number> {
  const impactMs = systemClock.now();
  await server.kill();
  // A writer may make a file between the look into a folder and its removal; then it is removed again.
  await rm(folder.floor, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  return impactMs;
}
