import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError, systemCodeOf } from '../../core/index.ts';
import { isName } from '../names.ts';
import type { StoredObject } from '../store.ts';
import { storeError } from './errors.ts';

/** A folder that vanishes between its parent's listing and its own is read again this often before it counts as removed. */
const readsMax = 3;

/**
 * Every object below the folder `name` of the store, or an error. Files whose names no object can have (`lost+found`,
 * `.snapshot`, our `tmp`) are nobody's business.
 */
export async function* objectsBelow(root: string, name: string): AsyncIterable<StoredObject> {
  for (const item of await childrenOf(root, name)) {
    const child = name === '' ? item.name : `${name}/${item.name}`;
    if (!isName(child)) continue;
    if (item.isDirectory()) yield* objectsBelow(root, child);
    else {
      const bytes = await sizeOf(root, child);
      if (bytes !== undefined) yield { name: child, bytes };
    }
  }
}

async function childrenOf(root: string, name: string): Promise<Dirent[]> {
  for (let read = 1; ; read += 1) {
    try {
      return await readdir(join(root, name), { withFileTypes: true });
    } catch (error) {
      // A file of that name, or never made: there is nothing below it.
      if (systemCodeOf(error) === 'ENOTDIR') return [];
      if (systemCodeOf(error) !== 'ENOENT') throw storeError(error, `fs:${root}/${name}`);
      if (read === readsMax) return [];
    }
  }
}

/** Undefined when it was removed since its folder was read, or is no file (a socket, a pipe). */
async function sizeOf(root: string, name: string): Promise<number | undefined> {
  try {
    const found = await stat(join(root, name));
    if (found.isDirectory()) throw linkedFolder(root, name);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw storeError(error, `fs:${root}/${name}`);
  }
}

/** Following it could run in circles, and leaving it out would make a partial listing look complete. */
const linkedFolder = (root: string, name: string): LifeboatError =>
  new LifeboatError('store.denied', `${name} in the store is a symbolic link to a folder, which is not listed`, {
    where: `fs:${root}/${name}`,
    hint: 'Mount that disk there, or move the whole store.',
  });
