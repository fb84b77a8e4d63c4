import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { chance, isAlive, processStart, systemCodeOf } from '../../core/index.ts';

/** Says who is writing it: host, process, and when that process started, for process numbers are used again. */
export const temporaryName = (): string =>
  `${host()}~${process.pid}~${processStart(process.pid) ?? 'unknown'}~${chance(10)}`;

/** Removes what dead processes of this host left behind. Another host's are left to it: from here nobody can tell. */
export async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const [writer, pid, started] = name.split('~');
    if (writer !== host() || pid === undefined || started === undefined) continue;
    const alive = isAlive(Number(pid)) && processStart(Number(pid)) === started;
    if (!alive) await rm(join(folder, name), { force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    // Cleaning is a courtesy: whoever may only read the store can still restore from it.
    if (systemCodeOf(error) === 'EACCES') return [];
    throw error;
  }
}

const host = (): string => hostname().toLowerCase().replaceAll('~', '-');
