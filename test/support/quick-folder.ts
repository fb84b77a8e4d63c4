import { accessSync, constants } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder in memory where the system has one for that: hundreds of runs need not wait for a disk to sync. */
export async function quickFolder(prefix: string): Promise<string> {
  return mkdtemp(join(memoryFolder() ?? tmpdir(), prefix));
}

function memoryFolder(): string | undefined {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return undefined; // no such thing on this system
  }
}
