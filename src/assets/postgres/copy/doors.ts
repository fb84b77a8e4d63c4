import { chmod, chown, mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, systemCodeOf } from '../../../core/index.ts';
import { parseServerUrl } from '../link/address.ts';
import type { ServerUser } from '../server/index.ts';

/** The ways into a restored server, all of them on this machine only. */
export interface Doors {
  /** A private folder whose socket lets in without a password; undefined: there is none. */
  readonly socketFolder: string | undefined;
  /** Whether it listens on 127.0.0.1 too, where each role has to give the password that it has at the source. */
  readonly listens: boolean;
  readonly port: number;
  readonly url: string;
  readonly shownUrl: string;
  /** Once the server has ended. */
  remove(): Promise<void>;
}

export interface DoorOptions {
  /** Whether the plan's url brings a password that the copy's roles have: then nothing but 127.0.0.1 is needed. */
  readonly byPassword: boolean;
  /** That a person named: it is one of TCP then, whatever else there is. Else any free one. */
  readonly port: number | undefined;
  /** The server outlives us, and whoever ends it knows nothing of a folder elsewhere. */
  readonly stays: boolean;
  readonly user: ServerUser | undefined;
}

/**
 * With a password in the source's URL the copy listens on 127.0.0.1 and asks for it, for it has the same roles; without one
 * a socket in a private folder lets people in, because nothing else would keep other users of this machine out. Throws `port.taken`.
 */
export async function openDoors(dataFolder: string, sourceUrl: string, options: DoorOptions): Promise<Doors> {
  const { byPassword, user } = options;
  const port = await freePort(options.port);
  const socketFolder = byPassword ? undefined : await makeSocketFolder(options.stays ? dataFolder : undefined, user);
  return {
    socketFolder,
    listens: byPassword || options.port !== undefined,
    port,
    ...addressOf(sourceUrl, socketFolder, port),
    remove: () => removeSockets(socketFolder),
  };
}

export async function removeSockets(socketFolder: string | undefined): Promise<void> {
  if (socketFolder !== undefined) await rm(socketFolder, { recursive: true, force: true });
}

/** Every base backup leaves out what is called like this, and so do tools that copy data folders. */
const socketFolderName = 'pgsql_tmp.lifeboat';
/** `sun_path` has 108 bytes with the zero at its end. */
const socketPathBytesMax = 107;
const socketNameBytesMax = '/.s.PGSQL.65535'.length;

/** In the data folder, where the server removes its socket as it ends and nothing is left elsewhere; else a short path of its own. */
async function makeSocketFolder(dataFolder: string | undefined, user: ServerUser | undefined): Promise<string> {
  const inside = dataFolder === undefined ? undefined : await makeInside(dataFolder);
  const folder = inside ?? (await mkdtemp(join(tmpdir(), 'lb-')));
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  return folder;
}

async function makeInside(dataFolder: string): Promise<string | undefined> {
  const folder = join(dataFolder, socketFolderName);
  // A comma would make two folders of it for the server, and two hosts for whoever connects.
  if (folder.includes(',') || Buffer.byteLength(folder) + socketNameBytesMax > socketPathBytesMax) return undefined;
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    // Of an earlier start.
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    await chmod(folder, 0o700);
  }
  if (await takesSockets(folder)) return folder;
  await rmdir(folder);
  return undefined;
}

/** Not every file system can hold one: what a virtual machine shares with its host, for one. */
async function takesSockets(folder: string): Promise<boolean> {
  const probe = join(folder, '.probe');
  // Who was killed while it was tried left it there.
  await rm(probe, { force: true });
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false)); // whatever keeps it from that, the other place is as good
    server.listen(probe, () => server.close(() => resolve(true)));
  });
}

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

/** Where a server that has a socket listens as well; undefined: nowhere, or its url says it. */
export const tcpAddress = ({
  socketFolder,
  listens,
  port,
}: Pick<Doors, 'socketFolder' | 'listens' | 'port'>): string | undefined =>
  listens && socketFolder !== undefined ? `127.0.0.1:${port}` : undefined;
