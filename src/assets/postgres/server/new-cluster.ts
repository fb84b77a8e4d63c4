import { chown, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, mustSucceed } from '../../../core/index.ts';
import { findAnyPrograms, findPrograms, serverEnvironment, type ServerPrograms } from './programs.ts';
import { startServer, type RunningServer } from './server.ts';
import { makeServerFolder, mustBePassable, serverUser, type ServerUser } from './user.ts';

export interface NewCluster {
  readonly programs: ServerPrograms;
  readonly dataFolder: string;
  readonly port: number;
  /** The superuser `shop`, by password over 127.0.0.1. */
  readonly url: string;
  start(settings?: Readonly<Record<string, string>>): Promise<RunningServer>;
}

export interface NewClusterOptions {
  /** Must not exist; its parent must. */
  readonly dataFolder: string;
  readonly password: string;
  /** Default: whichever supported version this machine has. */
  readonly major?: number;
  /** Of 127.0.0.1; default: any free one. */
  readonly port?: number;
  /** Further words for initdb, e.g. `--data-checksums`. */
  readonly initdb?: readonly string[];
  /** More lines of pg_hba.conf, before the usual one. */
  readonly hba?: string;
}

/** Makes a PostgreSQL cluster of our own, for demos and tests: page checksums on, reachable by password on loopback only. */
export async function makeCluster(options: NewClusterOptions): Promise<NewCluster> {
  const { dataFolder, password, major } = options;
  const programs = major === undefined ? await findAnyPrograms() : await findPrograms(major);
  const user = await serverUser();
  await mustBePassable(dataFolder, user);
  await makeServerFolder(dataFolder, user);
  await initdb(programs, user, dataFolder, password, options.initdb ?? []);
  await writeFile(
    join(dataFolder, 'pg_hba.conf'),
    `${options.hba ?? ''}\nhost all all 127.0.0.1/32 scram-sha-256\nhost replication all 127.0.0.1/32 scram-sha-256\n`,
  );
  const { port = await freePort() } = options;
  const url = `postgresql://shop:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  return {
    programs,
    dataFolder,
    port,
    url,
    start: (settings = {}) =>
      startServer({
        programs,
        user,
        dataFolder,
        url,
        logFile: `${dataFolder}.log`,
        settings: {
          listen_addresses: '127.0.0.1',
          port: String(port),
          unix_socket_directories: '',
          wal_level: 'replica',
          ...settings,
        },
      }),
  };
}

async function initdb(
  programs: ServerPrograms,
  user: ServerUser | undefined,
  dataFolder: string,
  password: string,
  words: readonly string[],
): Promise<void> {
  const passwordFile = `${dataFolder}.password`;
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  try {
    if (user !== undefined) await chown(passwordFile, user.uid, user.gid);
    await mustSucceed(
      [
        join(programs.folder, 'initdb'),
        '-D',
        dataFolder,
        '-U',
        'shop',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--no-locale',
        '--data-checksums',
        '--no-sync',
        ...words,
      ],
      { cwd: '/', env: serverEnvironment(), ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }) },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
}
