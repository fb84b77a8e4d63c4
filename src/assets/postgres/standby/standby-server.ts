import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { endProcesses, endGroup, freePort, isAlive, systemCodeOf } from '../../../core/index.ts';
import type { FollowOptions } from '../../standby.ts';
import { parseServerUrl } from '../link/address.ts';
import { majorOf } from '../copy/apply.ts';
import type { LogFetcher } from '../recovery/fetcher.ts';
import { findPrograms, serverUser, startServer } from '../server/index.ts';
import { addressOf, openDoors, removeSockets, tcpAddress } from '../copy/doors.ts';
import { copySettings } from '../copy/settings.ts';
import { settingsOf, writeConfiguration } from '../copy/start.ts';

/** A fast shutdown writes a checkpoint: a busy disk may take this long. */
const shutdownMs = 60_000;
/** How soon a standby asks again for log that was not there. */
const askAgainMs = 500;

/** What its server calls itself: nobody may take it for the source. */
export const standbyName = 'lifeboat standby';

export interface StandbyServer {
  readonly pid: number;
  readonly url: string;
  readonly shownUrl: string;
  /** Where it listens beside that, with passwords. */
  readonly address: string | undefined;
  stop(): Promise<void>;
}

/** Beside the data folder, so that a server that still runs finds it again. */
export const logFolderOf = (folder: string): string => join(dirname(folder), `.${basename(folder)}.lifeboat-log`);

/**
 * The server of a standby: the one that still runs, else a new one. One that does not listen at the port that was asked for is started again with it.
 * Throws what `startServer` throws, and `port.taken`: then the one that runs goes on.
 */
export async function openServer(
  folder: string,
  sourceUrl: string,
  fetcher: LogFetcher,
  options: Pick<FollowOptions, 'note' | 'port' | 'signal'>,
): Promise<StandbyServer> {
  const found = await running(folder, sourceUrl);
  if (found !== undefined && (options.port === undefined || options.port === found.listensAt)) return found;
  if (found !== undefined) {
    await freePort(options.port);
    await found.stop();
  }
  return start(folder, sourceUrl, fetcher, options);
}

/** Whether a server of ours still runs on the folder. */
export const isRunning = async (folder: string): Promise<boolean> => (await ownPid(folder)) !== undefined;

/** Ends whatever still runs on the folder. */
export async function stopServer(folder: string): Promise<void> {
  const pid = await ownPid(folder);
  if (pid !== undefined) await end(pid, await socketFolderOf(pid));
  // Of a main process that died, others may be left.
  await endProcesses((seen) => seen.folder === folder);
}

async function running(
  folder: string,
  sourceUrl: string,
): Promise<(StandbyServer & { readonly listensAt: number | undefined }) | undefined> {
  const pid = await ownPid(folder);
  if (pid === undefined) return undefined;
  const sockets = await socketFolderOf(pid);
  const port = Number(await settingOf(pid, 'port'));
  const listens = (await settingOf(pid, 'listen_addresses')) !== '';
  const address = tcpAddress({ socketFolder: sockets, listens, port });
  const listensAt = listens ? port : undefined;
  return { pid, ...addressOf(sourceUrl, sockets, port), address, listensAt, stop: () => end(pid, sockets) };
}

/** As it was told to the server on its command line; none where it listens on 127.0.0.1. */
async function socketFolderOf(pid: number): Promise<string | undefined> {
  const sockets = await settingOf(pid, 'unix_socket_directories');
  return sockets === '' ? undefined : sockets;
}

async function settingOf(pid: number, name: string): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** Its sockets lay in a folder that was made for it alone. */
async function end(pid: number, socketFolder: string | undefined): Promise<void> {
  await endGroup(pid, shutdownMs, 'SIGINT');
  await removeSockets(socketFolder);
}

/** The main process, if it lives and was started by us on this folder. */
async function ownPid(folder: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
    if (!(pid > 0) || !isAlive(pid)) return undefined;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return words.includes(`config_file=${join(folder, 'lifeboat.conf')}`) ? pid : undefined;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function start(
  folder: string,
  sourceUrl: string,
  fetcher: LogFetcher,
  { note, port: wanted, signal }: Pick<FollowOptions, 'note' | 'port' | 'signal'>,
): Promise<StandbyServer> {
  const user = await serverUser();
  const programs = await findPrograms(majorOf(note.facts));
  const byPassword = parseServerUrl(sourceUrl).password !== '';
  const doors = await openDoors(folder, sourceUrl, { byPassword, port: wanted, stays: true, user });
  try {
    const files = await writeConfiguration(folder, user);
    const server = await startServer({
      programs,
      user,
      dataFolder: folder,
      settings: {
        ...(await copySettings(settingsOf(note.facts), programs, { ...files, ...doors })),
        cluster_name: standbyName,
        hot_standby: 'on',
        restore_command: fetcher.command,
        recovery_target_timeline: 'latest',
        wal_retrieve_retry_interval: `${askAgainMs}ms`,
      },
      logFile: join(folder, 'lifeboat.log'),
      url: doors.url,
      replaysOn: true,
      lastProgressMs: () => fetcher.servedMs,
      signal,
    });
    const stop = async (): Promise<void> => {
      await server.stop();
      await doors.remove();
    };
    return { pid: server.pid, url: doors.url, shownUrl: doors.shownUrl, address: tcpAddress(doors), stop };
  } catch (error) {
    await doors.remove();
    throw error;
  }
}
