import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, LifeboatError } from '../../../core/index.ts';
import type { Reached, RestoredCopy, StartOptions } from '../../asset.ts';
import { parseServerUrl } from '../link/address.ts';
import { majorOf } from './apply.ts';
import { withConnection } from '../link/connection.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { PostgresReplay } from '../recovery/replay.ts';
import {
  findPrograms,
  serverUser,
  startServer,
  type RunningServer,
  type ServerPrograms,
  type ServerUser,
} from '../server/index.ts';
import { copySettings } from './settings.ts';

/**
 * Starts a restored data directory apart from everything and confirms from outside that it is what it should be: the same
 * cluster, past the end of the backup, open for writing. See `Asset.start`.
 */
export async function startCopy(path: string, sourceUrl: string, options: StartOptions): Promise<RestoredCopy> {
  const replay = options.replay instanceof PostgresReplay ? options.replay : undefined;
  return launchCopy(path, sourceUrl, options, {
    programs: await findPrograms(majorOf(options.facts)),
    byPassword: parseServerUrl(sourceUrl).password !== '',
    confirm: async (url) => {
      const found = await confirm(url, options.facts);
      return replay === undefined ? found : replay.confirm(url);
    },
    replay,
  });
}

/** How a copy of one kind of point is started. */
export interface Launch {
  readonly programs: ServerPrograms;
  /** Whether its roles have the passwords of the source: else it opens a private socket only. */
  readonly byPassword: boolean;
  /** Whether the started server is what the point says; how far it goes, where it says so. Throws if not. */
  confirm(url: string): Promise<Reached | undefined>;
  /** Log that is replayed before it opens. */
  readonly replay?: PostgresReplay | undefined;
}

/** Starts a data directory apart from everything; it is stopped again if it is not what it should be. */
export async function launchCopy(
  path: string,
  sourceUrl: string,
  options: StartOptions,
  { programs, byPassword, confirm: mustBeRight, replay }: Launch,
): Promise<RestoredCopy> {
  const user = await serverUser();
  const port = await freePort(options.port);
  const socketFolder = byPassword ? undefined : await makeSocketFolder(user);
  const removeSocketFolder = async (): Promise<void> => {
    if (socketFolder !== undefined) await rm(socketFolder, { recursive: true, force: true });
  };
  let address: ReturnType<typeof addressOf>;
  let server: RunningServer;
  try {
    address = addressOf(sourceUrl, socketFolder, port);
    const files = await writeConfiguration(path, user);
    const apart = await copySettings(settingsOf(options.facts), programs, { ...files, socketFolder, port });
    if (replay !== undefined) await writeOwned(join(path, 'recovery.signal'), '', user);
    server = await startServer({
      programs,
      user,
      dataFolder: path,
      settings: { ...apart, ...replay?.settings() },
      logFile: join(path, 'lifeboat.log'),
      url: address.url,
      ...(replay === undefined ? {} : { lastProgressMs: () => replay.servedMs }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    await removeSocketFolder();
    throw replay?.failure ?? error;
  }
  const { url, shownUrl } = address;
  const stop = async (): Promise<void> => {
    await server.stop();
    await removeSocketFolder();
  };
  try {
    const reached = await mustBeRight(url);
    return { path, url, shownUrl, pid: server.pid, ...(reached === undefined ? {} : { reached }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Short: the path of a socket may have 107 bytes. */
export async function makeSocketFolder(user: ServerUser | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lb-'));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  return folder;
}

/**
 * With a password in the source's URL the copy listens on 127.0.0.1 and asks for it, for it has the same roles; without one
 * only a socket in a private folder lets people in, because nothing else would keep other users of this machine out.
 */
export function addressOf(
  sourceUrl: string,
  socketFolder: string | undefined,
  port: number,
): { url: string; shownUrl: string } {
  const { username, password, pathname } = parseServerUrl(sourceUrl);
  const userPart = username === '' ? '' : `${username}@`;
  if (socketFolder !== undefined) {
    const url = `postgresql://${userPart}localhost${pathname}?host=${encodeURIComponent(socketFolder)}&port=${port}`;
    return { url, shownUrl: url };
  }
  const rest = `127.0.0.1:${port}${pathname}`;
  return {
    url: `postgresql://${username}:${password}@${rest}`,
    shownUrl: `postgresql://${userPart}${rest}`,
  };
}

export async function writeConfiguration(
  path: string,
  user: ServerUser | undefined,
): Promise<{ configFile: string; hbaFile: string; identFile: string }> {
  const files = {
    configFile: join(path, 'lifeboat.conf'),
    hbaFile: join(path, 'lifeboat_hba.conf'),
    identFile: join(path, 'lifeboat_ident.conf'),
  };
  const contents: readonly (readonly [string, string])[] = [
    [files.configFile, '# Everything a restored copy needs stands on its command line.\n'],
    // `md5` asks for whichever kind of password the role has. A copy that people work with has to be backed up like its source.
    [
      files.hbaFile,
      ['local all all trust', 'local replication all trust']
        .concat(['host all all 127.0.0.1/32 md5', 'host replication all 127.0.0.1/32 md5', ''])
        .join('\n'),
    ],
    [files.identFile, ''],
  ];
  for (const [file, content] of contents) await writeOwned(file, content, user);
  return files;
}

async function writeOwned(file: string, content: string, user: ServerUser | undefined): Promise<void> {
  await writeFile(file, content, { mode: 0o600 });
  if (user !== undefined) await chown(file, user.uid, user.gid);
}

export const settingsOf = (facts: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  (facts['settings'] ?? {}) as Record<string, unknown>;

/** Throws `asset.foreign` for another cluster, `asset.start_failed` for one that stopped short. */
async function confirm(url: string, facts: Readonly<Record<string, unknown>>): Promise<Reached> {
  const found = await withConnection(url, async (client) => {
    const { rows } = await client.query<{ system: string; lsn: string; timeline: number; recovering: boolean }>(
      `select system_identifier::text as system, pg_current_wal_lsn()::text as lsn, timeline_id as timeline,
              pg_is_in_recovery() as recovering
       from pg_control_system(), pg_control_checkpoint()`,
    );
    return rows[0];
  });
  if (found === undefined || found.recovering)
    throw new LifeboatError('asset.start_failed', 'the restored server does not say where it is');
  if (found.system !== facts['systemId']) {
    throw new LifeboatError(
      'asset.foreign',
      `the restored server is cluster ${found.system}, the point is of ${String(facts['systemId'])}`,
    );
  }
  if (lsnValue(found.lsn) < lsnValue(String(facts['endLsn']))) {
    throw new LifeboatError(
      'asset.start_failed',
      `the restored server reached ${found.lsn}, but the backup ends at ${String(facts['endLsn'])}`,
    );
  }
  return { lsn: found.lsn, timeline: found.timeline };
}
