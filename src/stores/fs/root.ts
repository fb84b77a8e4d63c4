import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LifeboatError, syncFolder, systemCodeOf } from '../../core/index.ts';
import { rootGone, rootMissing, storeError } from './errors.ts';

/** The folder of a store, remembered by its identity: the empty folder below an unmounted disk has the same path. */
export interface Root {
  readonly path: string;
  /** Throws `store.unreachable` when the path no longer leads to the folder that was opened. */
  check(): Promise<void>;
}

/** Throws `store.unreachable` when the folder is not there and `store.denied`; with `create` it is made, durably. */
export async function openRoot(path: string, create: boolean): Promise<Root> {
  try {
    if (create) await makeDurably(path);
    const opened = await identityOf(path);
    await access(path, constants.R_OK | constants.X_OK);
    return { path, check: () => checkRoot(path, opened) };
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw rootMissing(path, error);
    if (systemCodeOf(error) === 'EEXIST' || systemCodeOf(error) === 'ENOTDIR') throw noFolder(path, error);
    throw storeError(error, `fs:${path}`);
  }
}

async function makeDurably(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

async function checkRoot(path: string, opened: string): Promise<void> {
  let found: string;
  try {
    found = await identityOf(path);
  } catch (error) {
    throw rootGone(path, error);
  }
  if (found !== opened) throw rootGone(path);
}

async function identityOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  if (found.isDirectory()) return `${found.dev}:${found.ino}`;
  throw noFolder(path);
}

const noFolder = (path: string, cause?: unknown): LifeboatError =>
  new LifeboatError('store.unreachable', `${path} is, or lies below, a file; a store is a folder`, {
    where: `fs:${path}`,
    hint: 'Name a folder in the settings of the store.',
    cause,
  });
