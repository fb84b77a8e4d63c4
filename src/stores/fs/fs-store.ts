import { constants } from 'node:fs';
import { access, link, open, readdir, rename, rm, stat, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { LifeboatError, syncFolder, systemCodeOf } from '../../core/index.ts';
import { checkName, checkPrefix } from '../names.ts';
import { throwIfStopped } from '../stopped.ts';
import type { GetOptions, GrowingObject, PutOptions, Store, StoredObject, StoreKind } from '../store.ts';
import { linkError, putError, storeError } from './errors.ts';
import { Folders } from './folders.ts';
import { GrowingFile } from './growing-file.ts';
import { openRoot, type Root } from './root.ts';
import { temporaryName } from './temporary.ts';
import { objectsBelow } from './walk.ts';

export const fsStore: StoreKind<{ path: string }> = {
  type: 'fs',
  schema: z.strictObject({ path: z.string().min(1).describe('The folder, relative to the plan file or absolute.') }),
  open: async ({ path }, { baseFolder, create, asOfMs }) => {
    const place = resolve(baseFolder, path);
    if (asOfMs === undefined) return openFsStore(place, create);
    throw new LifeboatError('store.unfit', 'a folder keeps no versions, so that its past cannot be read', {
      where: `fs:${place}`,
      hint: 'Look for the copies in another store of the plan.',
    });
  },
};

/**
 * A folder as a store. An object is a file; it is written to `tmp/`, synced, and then named by link(2), which never
 * replaces, or by rename(2), which does. A crash leaves at most a temporary file of a dead process, removed before the next write.
 */
export async function openFsStore(path: string, create: boolean): Promise<Store> {
  return new FsStore(await openRoot(path, create));
}

class FsStore implements Store {
  readonly location: string;
  readonly atomicCreate = true;
  readonly #root: Root;
  readonly #folders: Folders;

  constructor(root: Root) {
    this.#root = root;
    this.#folders = new Folders(root);
    this.location = `fs:${root.path}`;
  }

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    checkName(name);
    throwIfStopped(options.signal);
    await this.#root.check();
    const path = this.#path(name);
    try {
      const temporary = join(await this.#folders.temporary(), temporaryName());
      await this.#folders.make(dirname(path));
      try {
        await writeWhole(temporary, parts, options.signal);
        // Nobody waits for what was stopped meanwhile, and its memory is used again: who knows what was written of it.
        throwIfStopped(options.signal);
        if (options.ifAbsent) await linkOnce(temporary, path);
        else await rename(temporary, path);
        await this.#folders.sync(dirname(path));
      } finally {
        // What stays here is never taken for an object, and is removed before the writes of a later process.
        await rm(temporary, { force: true }).catch(() => {});
      }
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') {
        this.#folders.forget();
        await this.#root.check();
      }
      throw putError(error, this.#where(name));
    }
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    checkName(name);
    throwIfStopped(options.signal);
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path(name), 'r');
      const { size } = await file.stat();
      const offset = Math.min(options.range?.offset ?? 0, size);
      return await readExactly(file, offset, Math.min(options.range?.length ?? size, size - offset));
    } catch (error) {
      if (isAbsence(error)) await this.#root.check();
      throw storeError(error, this.#where(name));
    } finally {
      await file?.close();
    }
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    checkName(name);
    try {
      const found = await stat(this.#path(name));
      return found.isFile() ? { name, bytes: found.size } : undefined;
    } catch (error) {
      if (!isAbsence(error)) throw storeError(error, this.#where(name));
      await this.#root.check();
      return undefined;
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    checkPrefix(prefix);
    // A store whose root is gone (an unmounted disk) is not an empty store, at the start as little as at the end.
    await this.#root.check();
    yield* objectsBelow(this.#root.path, prefix.replace(/\/$/, ''));
    await this.#root.check();
  }

  async grow(name: string, first: readonly Uint8Array[], { bytesMax }: { bytesMax: number }): Promise<GrowingObject> {
    await this.put(name, first, { ifAbsent: true });
    const bytes = first.reduce((total, part) => total + part.length, 0);
    return GrowingFile.of(this.#path(name), this.#where(name), bytes, bytesMax);
  }

  fileOf(name: string): string {
    checkName(name);
    return this.#path(name);
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    try {
      await unlink(this.#path(name));
      await this.#folders.sync(dirname(this.#path(name)));
    } catch (error) {
      if (!isAbsence(error)) throw storeError(error, this.#where(name));
      await this.#root.check();
    }
  }

  async room(): Promise<{ freeBytes: number }> {
    await this.#root.check();
    try {
      const inside = (await readdir(this.#root.path, { withFileTypes: true })).filter((entry) => entry.isDirectory());
      for (const folder of ['.', ...inside.map(({ name }) => name)]) {
        await access(join(this.#root.path, folder), constants.W_OK | constants.X_OK);
      }
      const { bavail, bsize } = await statfs(this.#root.path);
      return { freeBytes: bavail * bsize };
    } catch (error) {
      throw storeError(error, this.location);
    }
  }

  async close(): Promise<void> {
    // Nothing is held between calls.
  }

  #path(name: string): string {
    return join(this.#root.path, name);
  }

  #where(name: string): string {
    return `${this.location}/${name}`;
  }
}

/** There is no file of that name: nothing, a folder, or a file where a folder would have to be. */
const isAbsence = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCodeOf(error) ?? '');

async function writeWhole(path: string, parts: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let position = 0;
    for (const part of parts) {
      throwIfStopped(signal);
      for (let done = 0; done < part.length;) {
        const { bytesWritten } = await file.write(part, done, part.length - done, position);
        done += bytesWritten;
        position += bytesWritten;
      }
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function linkOnce(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw linkError(error);
    // NFS may have lost the answer to the first request and refuse the repeated one: then the name is ours all the same.
    if ((await stat(temporary)).nlink > 1) return;
    // Whoever hears "exists" builds on it; its writer may not have come to this line yet.
    await syncFolder(dirname(path));
    throw error;
  }
}

/** Fewer bytes only where the file ends. */
async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
