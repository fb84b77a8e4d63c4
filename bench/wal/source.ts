import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { makeCluster, type NewCluster, type RunningServer } from '../../src/assets/postgres/server/index.ts';
import { LifeboatError } from '../../src/core/index.ts';
import { major } from '../database.ts';
import { run } from '../measure.ts';
import { postgresPrograms } from '../packages.ts';

/** A server that is written to while its log is taken: durable as in production, with the tables of pgbench. */
export interface BusyServer {
  readonly url: string;
  readonly cluster: NewCluster;
  readonly server: RunningServer;
  /** Transactions a second of so many clients. */
  load(clients: number, load: Load): Promise<number>;
  ask(sql: string): Promise<Record<string, unknown>[]>;
  /** Whom commits wait for; '': for nobody. */
  awaitFor(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** For so long; or so many transactions, of the same rows each time that `seed` is the same. */
export type Load = { readonly seconds: number } | { readonly transactions: number; readonly seed: number };

const password = 'bench-of-lifeboat';
const settings = {
  max_wal_size: '4GB',
  shared_buffers: '128MB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
  max_slot_wal_keep_size: '4GB',
  archive_mode: 'on',
  archive_command: '/bin/true',
};

export async function startBusyServer(folder: string, scale: number, signal: AbortSignal): Promise<BusyServer> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const cluster = await makeCluster({ dataFolder: join(folder, 'data'), password, major });
  const server = await cluster.start(settings);
  const { url } = cluster;
  const ask = (sql: string): Promise<Record<string, unknown>[]> => askAt(url, sql);
  await run([join(postgresPrograms, 'pgbench'), '-i', '-q', '-s', String(scale), url], signal);
  return {
    url,
    cluster,
    server,
    load: (clients, given) => load(url, clients, given, signal),
    ask,
    awaitFor: async (name) => {
      await ask(`alter system set synchronous_standby_names = '${name}'`);
      await ask('select pg_reload_conf()');
    },
    stop: () => server.stop(),
  };
}

export async function askAt(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function load(url: string, clients: number, given: Load, signal: AbortSignal): Promise<number> {
  const length =
    'seconds' in given
      ? ['-T', String(given.seconds)]
      : ['-t', String(Math.ceil(given.transactions / clients)), '--random-seed', String(given.seed)];
  const words = ['-n', '-c', String(clients), '-j', '2', ...length, url];
  const said = await run([join(postgresPrograms, 'pgbench'), ...words], signal);
  const tps = Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
  if (tps > 0) return tps;
  throw new LifeboatError('process.failed', `pgbench did not say how many transactions it did: ${said.trim()}`);
}
