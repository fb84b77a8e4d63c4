import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  freePort,
  mustSucceed,
  plainEnvironment,
  startService,
  systemClock,
  type Service,
} from '../../../core/index.ts';
import { runSql } from '../../../testing/postgres/index.ts';

const programs = '/usr/lib/postgresql/15/bin';

export interface TestStandby {
  readonly url: string;
  /** The file with the process number of the server it follows. */
  readonly primaryPidFile: string;
  stop(): Promise<void>;
}

/** A hot standby that follows a test server, made by pg_basebackup. */
export async function startTestStandby(primaryUrl: string): Promise<TestStandby> {
  const folder = await mkdtemp(join(tmpdir(), 'lifeboat-standby-'));
  const env = plainEnvironment({ HOME: folder, LC_ALL: 'C' });
  const user = await serverUser(folder);
  const options = { env, cwd: folder, ...(user === undefined ? {} : { user }) };
  const data = join(folder, 'data');
  await mustSucceed(
    [join(programs, 'pg_basebackup'), '-D', data, '-d', primaryUrl, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    options,
  );
  const port = await freePort();
  const service: Service = await startService(
    [
      join(programs, 'postgres'),
      '-D',
      data,
      '-c',
      `port=${port}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off', // nothing here must outlive a power cut
    ],
    options,
  );
  const url = primaryUrl.replace(/:\d+\//, `:${port}/`);
  for (let tries = 0; ; tries += 1) {
    try {
      await runSql(url, 'select 1');
      break;
    } catch (error) {
      if (tries > 200) throw new Error(`the standby did not start: ${service.tail()}`, { cause: error });
      await systemClock.sleep(50);
    }
  }
  const [row] = await runSql(primaryUrl, `select current_setting('data_directory') as folder`);
  return {
    url,
    primaryPidFile: join(String(row?.['folder']), 'postmaster.pid'),
    stop: async () => {
      await service.stop('SIGINT');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serverUser(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((one) => one.startsWith('postgres:'));
  const [uid = 0, gid = 0] = (line ?? '').split(':').slice(2, 4).map(Number);
  await chown(folder, uid, gid);
  return { uid, gid };
}
