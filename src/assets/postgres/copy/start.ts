import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../../core/index.ts';
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
import { openDoors, tcpAddress } from './doors.ts';
import { lifeBehind, ownLife, type Recovery } from './own-life.ts';
import { copySettings } from './settings.ts';

/**
 * Starts a restored data directory apart from everything and confirms from outside that it is what it should be: the same
 * cluster, past the end of the backup, open for writing on a timeline of its own. See `Asset.start`.
 */
export async function startCopy(path: string, sourceUrl: string, options: StartOptions): Promise<RestoredCopy> {
  const replay = options.replay instanceof PostgresReplay ? options.replay : undefined;
  const { facts, timelinesTaken = [] } = options;
  return launchCopy(path, sourceUrl, options, {
    programs: await findPrograms(majorOf(facts)),
    byPassword: parseServerUrl(sourceUrl).password !== '',
    confirm: async (url) => {
      const found = await confirm(url, facts);
      return replay === undefined ? found : replay.confirm(url);
    },
    recovery: replay === undefined ? await ownLife(path, facts, timelinesTaken) : lifeBehind(replay, timelinesTaken),
  });
}

/** How a copy of one kind of point is started. */
export interface Launch {
  readonly programs: ServerPrograms;
  /** Whether its roles have the passwords of the source: else it opens a private socket only. */
  readonly byPassword: boolean;
  /** Whether the started server is what the point says; how far it goes, where it says so. Throws if not. */
  confirm(url: string): Promise<Reached | undefined>;
  /** What it does before it opens; without it, it just starts. */
  readonly recovery?: Recovery | undefined;
}

/** Starts a data directory apart from everything; it is stopped again if it is not what it should be. */
export async function launchCopy(
  path: string,
  sourceUrl: string,
  options: StartOptions,
  { programs, byPassword, confirm: mustBeRight, recovery }: Launch,
): Promise<RestoredCopy> {
  const user = await serverUser();
  const { port: wanted, stay: stays } = options;
  const doors = await openDoors(path, sourceUrl, { byPassword, port: wanted, stays, user });
  let server: RunningServer;
  try {
    const files = await writeConfiguration(path, user);
    const apart = await copySettings(settingsOf(options.facts), programs, { ...files, ...doors });
    if (recovery !== undefined) await writeOwned(join(path, 'recovery.signal'), '', user);
    server = await startServer({
      programs,
      user,
      dataFolder: path,
      settings: { ...apart, ...recovery?.settings() },
      logFile: join(path, 'lifeboat.log'),
      url: doors.url,
      ...(recovery?.servedMs === undefined ? {} : { lastProgressMs: () => recovery.servedMs ?? 0 }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    await doors.remove();
    throw recovery?.failure ?? error;
  }
  const { url, shownUrl } = doors;
  const address = tcpAddress(doors);
  const stop = async (): Promise<void> => {
    await server.stop();
    await doors.remove();
  };
  try {
    const reached = await mustBeRight(url);
    const { pid } = server;
    return {
      path,
      url,
      shownUrl,
      pid,
      ...(address === undefined ? {} : { address }),
      ...(reached === undefined ? {} : { reached }),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
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
  if (found.timeline <= Number(facts['timeline'])) {
    throw new LifeboatError(
      'asset.start_failed',
      `the restored server is on timeline ${found.timeline}, and one after that of its source was due`,
    );
  }
  return { lsn: found.lsn, timeline: found.timeline };
}
