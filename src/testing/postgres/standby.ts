import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverUser, startServer, type RunningServer } from '../../assets/postgres/server/index.ts';
import { freePort } from '../../core/index.ts';
import type { TestCluster } from './cluster.ts';
import { runSql } from './cluster.ts';
import type { Taken } from './copy.ts';

/** A real standby that follows a cluster by streaming replication, made of a point of it. */
export interface TestStandby {
  readonly url: string;
  readonly dataFolder: string;
  readonly server: RunningServer;
  sql(text: string): Promise<Record<string, unknown>[]>;
}

export async function startTestStandby(
  primary: TestCluster,
  taken: Taken,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestStandby> {
  const dataFolder = join(primary.folder, `standby-${taken.point.id}`);
  await taken.apply(dataFolder);
  const user = await serverUser();
  await writeFile(join(dataFolder, 'standby.signal'), '');
  if (user !== undefined) await chown(join(dataFolder, 'standby.signal'), user.uid, user.gid);
  const port = await freePort();
  const url = primary.url.replace(/:\d+\/postgres$/, `:${port}/postgres`);
  const { hostname, port: primaryPort, username, password } = new URL(primary.url);
  const secret = decodeURIComponent(password).replaceAll("'", String.raw`\'`);
  const server = await startServer({
    programs: primary.programs,
    user,
    dataFolder,
    url,
    logFile: `${dataFolder}.log`,
    replaysOn: true,
    settings: {
      fsync: 'off',
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      allow_in_place_tablespaces: 'on',
      primary_conninfo: `host=${hostname} port=${primaryPort} user=${username} password='${secret}'`,
      wal_receiver_status_interval: '1s',
      ...settings,
    },
  });
  return { url, dataFolder, server, sql: (text) => runSql(url, text) };
}
