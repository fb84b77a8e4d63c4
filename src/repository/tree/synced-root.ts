import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { systemCalls, systemCodeOf } from '../../core/index.ts';

/**
 * A folder below which all becomes durable at once: one sync of its file system costs a fraction of one for each file. It is opened
 * before anything is written, because the system tells of pages that it failed to write only to those who were there.
 */
export class SyncedRoot {
  readonly #root: string;
  readonly #file: number;

  constructor(root: string) {
    this.#root = root;
    this.#file = openSync(root, 'r');
  }

  async sync(): Promise<void> {
    const calls = systemCalls();
    if (calls !== undefined) return calls.syncFileSystem(this.#file);
    for (const one of readdirSync(this.#root, { recursive: true, withFileTypes: true, encoding: 'buffer' })) {
      if (one.isFile() || one.isDirectory()) syncOne(join(one.parentPath as unknown as Buffer, one.name));
      await new Promise((resolve) => setImmediate(resolve));
    }
    syncFile(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

const join = (folder: Buffer | string, name: Buffer): Buffer =>
  Buffer.concat([Buffer.from(folder as Buffer), Buffer.from('/'), name]);

function syncOne(path: Buffer): void {
  const file = openSync(path, 'r');
  try {
    syncFile(file);
  } finally {
    closeSync(file);
  }
}

function syncFile(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    // Some file systems (FUSE, some network mounts) cannot sync a folder; there the names are as durable as they get.
    if (systemCodeOf(error) !== 'EINVAL') throw error;
  }
}
