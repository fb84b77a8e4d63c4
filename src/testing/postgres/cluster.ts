import { randomInt } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import {
  findPrograms,
  makeCluster,
  supportedMajors,
  type NewCluster,
  type RunningServer,
} from '../../assets/postgres/server/index.ts';
import { freePort, isLifeboatError } from '../../core/index.ts';

/** A real server for tests, below a folder of its own that is gone at the end. */
export interface TestCluster extends NewCluster {
  readonly folder: string;
  readonly server: RunningServer;
  /** Runs SQL as the superuser on a connection of its own; the rows of the last statement. */
  sql(text: string, database?: string): Promise<Record<string, unknown>[]>;
  /** The URL of the cluster for another user. */
  urlOf(user: string, password: string): string;
  restart(settings?: Record<string, string>): Promise<void>;
  destroy(): Promise<void>;
}

export interface TestClusterOptions {
  readonly major: number;
  readonly settings?: Record<string, string>;
  readonly initdb?: readonly string[];
  readonly hba?: string;
}

/** The major versions whose programs this machine has. */
export async function installedMajors(): Promise<number[]> {
  const found = await Promise.all(
    supportedMajors.map((major) =>
      findPrograms(major).then(
        () => [major],
        (error: unknown) => {
          if (isLifeboatError(error, 'asset.tool_missing')) return [];
          throw error;
        },
      ),
    ),
  );
  return found.flat();
}

/** A password with characters that a URL must escape. */
const password = 'sec/ret:1 %';

export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-postgres-'));
  await chmod(folder, 0o711);
  const port = await lastingPort();
  const cluster = await makeCluster({ ...options, password, port, dataFolder: join(folder, 'data') });
  // Nothing here must outlive a power cut, and half the time of a small test is the disk's.
  const settings = { fsync: 'off', ...options.settings };
  let server = await cluster.start(settings);
  return {
    ...cluster,
    folder,
    get server() {
      return server;
    },
    sql: (text, database = 'postgres') => runSql(cluster.url.replace(/\/postgres$/, `/${database}`), text),
    urlOf: (user, secret) => cluster.url.replace(/\/\/[^@]*@/, `//${user}:${encodeURIComponent(secret)}@`),
    restart: async (changed = {}) => {
      await server.stop();
      server = await cluster.start({ ...settings, ...changed });
    },
    destroy: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * One that the system gives to nobody who asks for any port, nor to connections: a server that is down while others start beside it finds its port again, and nobody
 * else answers there meanwhile.
 */
async function lastingPort(): Promise<number> {
  for (let tries = 0; tries < portTriesMax; tries += 1) {
    try {
      return await freePort(randomInt(portMin, portMax));
    } catch (error) {
      if (!isLifeboatError(error, 'port.taken')) throw error;
    }
  }
  return freePort();
}

/** What the system gives begins at 32768 (`ip_local_port_range`). */
const [portMin, portMax, portTriesMax] = [10_000, 32_000, 20];

export async function runSql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const results = [await client.query<Record<string, unknown>>(text)].flat();
    return results.at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}
