import { link, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { syncFolder, systemCodeOf } from '../../core/index.ts';
import { checkName, checkPrefix } from '../names.ts';
import type { GetOptions, PutOptions, Store, StoredObject, StoreKind } from '../store.ts';
import { storeError } from './errors.ts';
import { removeAbandoned, temporaryName } from './temporary.ts';

export const fsStore: StoreKind<{ path: string }> = {
  type: 'fs',
  schema: z.strictObject({ path: z.string().min(1).describe('The folder, relative to the plan file or absolute.') }),
  open: ({ path }, { baseFolder, create }) => openFsStore(resolve(baseFolder, path), create),
};

/**
 * A folder as a store. An object is a file; it is written to `tmp/`, synced, and then named by link(2), which never
 * replaces, or by rename(2), which does. A crash leaves at most a temporary file of a dead process, removed at a later start.
 */
export async function openFsStore(root: string, create: boolean): Promise<Store> {
  try {
    if (create) await mkdir(join(root, 'tmp'), { recursive: true });
    else await stat(root);
  } catch (error) {
    throw storeError(error, root, root);
  }
  await removeAbandoned(join(root, 'tmp'));
  return new FsStore(root);
}

class FsStore implements Store {
  readonly location: string;
  readonly atomicCreate = true;
  readonly #root: string;
  /** Folders known to exist and to be durable, so that a thousand objects do not sync a thousand folders. */
  readonly #folders = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
    this.location = `fs:${root}`;
  }

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    checkName(name);
    const path = join(this.#root, name);
    const temporary = join(this.#root, 'tmp', temporaryName());
    try {
      options.signal?.throwIfAborted();
      await this.#makeFolder(join(this.#root, 'tmp'));
      await this.#makeFolder(dirname(path));
      await writeWhole(temporary, parts);
      if (options.ifAbsent) await link(temporary, path);
      else await rename(temporary, path);
      await syncFolder(dirname(path));
    } catch (error) {
      throw storeError(error, name, this.#root);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    checkName(name);
    options.signal?.throwIfAborted();
    let file: FileHandle | undefined;
    try {
      file = await open(join(this.#root, name), 'r');
      const { size } = await file.stat();
      const offset = Math.min(options.range?.offset ?? 0, size);
      return await readExactly(file, offset, Math.min(options.range?.length ?? size, size - offset));
    } catch (error) {
      throw storeError(error, name, this.#root);
    } finally {
      await file?.close();
    }
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    checkName(name);
    try {
      const found = await stat(join(this.#root, name));
      return found.isFile() ? { name, bytes: found.size } : undefined;
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return undefined;
      throw storeError(error, name, this.#root);
    }
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    checkPrefix(prefix);
    // A store whose root is gone (an unmounted disk) is not an empty store.
    await stat(this.#root).catch((error: unknown) => Promise.reject(storeError(error, prefix, this.#root)));
    yield* this.#walk(prefix.replace(/\/$/, ''));
  }

  async remove(name: string): Promise<void> {
    checkName(name);
    const path = join(this.#root, name);
    try {
      await rm(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return;
      throw storeError(error, name, this.#root);
    }
  }

  async close(): Promise<void> {
    // Nothing is held between calls.
  }

  async *#walk(name: string): AsyncIterable<StoredObject> {
    for (const item of await this.#children(name)) {
      const child = name === '' ? item.name : `${name}/${item.name}`;
      if (child === 'tmp') continue;
      if (item.isDirectory()) yield* this.#walk(child);
      else {
        const bytes = await sizeOf(join(this.#root, child));
        if (bytes !== undefined) yield { name: child, bytes };
      }
    }
  }

  async #children(name: string) {
    try {
      return await readdir(join(this.#root, name), { withFileTypes: true });
    } catch (error) {
      // The folder was never made, or its last object and it were removed meanwhile: it holds nothing.
      if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') return [];
      throw storeError(error, name, this.#root);
    }
  }

  #makeFolder(path: string): Promise<void> {
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const made = this.#makeDurably(path);
    this.#folders.set(path, made);
    made.catch(() => this.#folders.delete(path));
    return made;
  }

  async #makeDurably(path: string): Promise<void> {
    if (path.length > this.#root.length) await this.#makeFolder(dirname(path));
    else await stat(this.#root);
    try {
      await mkdir(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
  }
}

async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    let position = 0;
    for (const part of parts) {
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

/** Undefined when the file was removed since its folder was read. */
async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw storeError(error, path, path);
  }
}
