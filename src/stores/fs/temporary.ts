import { readlinkSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { chance, isAlive, processStart } from '../../core/index.ts';

/** Says who is writing it: host, process, and when that process started, for process numbers are used again. */
export const temporaryName = (): string => `${host()}~${process.pid}~${startOf(process.pid)}~${chance(10)}`;

/**
 * Removes what dead processes of this host left behind. Another host's are left to it: from here nobody can tell.
 * Cleaning is a courtesy: what cannot be removed only takes room, and must not keep anybody from a backup.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []); // a folder that cannot be used is met by the write itself
  for (const name of names) {
    if (isAbandoned(name)) await rm(join(folder, name), { force: true }).catch(() => {}); // see above
  }
}

function isAbandoned(name: string): boolean {
  const [, writer, pid, started] = /^([^~]+)~([1-9]\d{0,9})~([^~]+)~[^~]+$/.exec(name) ?? [];
  if (writer !== host() || pid === undefined) return false;
  return !(isAlive(Number(pid)) && startOf(Number(pid)) === started);
}

/** Where the system does not tell, a living process of that number counts as the writer. */
const startOf = (pid: number): string => processStart(pid) ?? 'unknown';

/** Containers may share a name of host but not their process numbers, so the space of these is part of it. */
const host = (): string => `${hostname().toLowerCase().replaceAll('~', '-')}${processSpace()}`;

function processSpace(): string {
  try {
    return `+${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''}`;
  } catch {
    return ''; // no such thing on this system: all processes see each other
  }
}
