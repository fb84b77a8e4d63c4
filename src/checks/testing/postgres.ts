import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  mustSucceed,
  plainEnvironment,
  runProcess,
  startService,
  systemClock,
  type ProcessOptions,
} from '../../core/index.ts';

const programs = '/usr/lib/postgresql/15/bin';

/** Why there is no PostgreSQL for a test here; undefined when there is one. */
export const noPostgres = existsSync(join(programs, 'initdb')) ? undefined : 'PostgreSQL 15 is not installed';

export interface TestServer {
  /** A superuser, by trust over loopback. */
  readonly url: string;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own in a temporary folder, as user postgres when we are root. */
export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-checks-pg-'));
  const options = await asServerUser(folder);
  const data = join(folder, 'data');
  await mustSucceed([join(programs, 'initdb'), '-D', data, '-U', 'shop', '-A', 'trust', '-N', '-E', 'UTF8'], options);
  const port = await freePort();
  const settings = [
    '-c',
    `port=${port}`,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'unix_socket_directories=',
    '-c',
    'fsync=off',
  ];
  const service = await startService([join(programs, 'postgres'), '-D', data, ...settings], options);
  for (let tries = 0; (await ready(port)) === false; tries += 1) {
    if (tries > 200) throw new Error(`PostgreSQL did not start: ${service.tail()}`);
    await systemClock.sleep(50);
  }
  return {
    url: `postgresql://shop@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await service.stop('SIGINT');
      await rm(folder, { recursive: true });
    },
  };
}

async function ready(port: number): Promise<boolean> {
  const result = await runProcess([join(programs, 'pg_isready'), '-h', '127.0.0.1', '-p', String(port), '-q']);
  return result.exitCode === 0;
}

async function asServerUser(folder: string): Promise<ProcessOptions> {
  const env = plainEnvironment({ HOME: folder, LC_ALL: 'C' });
  if (process.getuid?.() !== 0) return { env, cwd: folder };
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((one) => one.startsWith('postgres:'));
  const [uid, gid] = (line ?? '').split(':').slice(2, 4).map(Number);
  if (uid === undefined || gid === undefined) throw new Error('there is no user postgres');
  await chown(folder, uid, gid);
  return { env, cwd: folder, user: { uid, gid } };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
