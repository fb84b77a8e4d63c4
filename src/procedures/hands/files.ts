import { chmod, chown, lstat, mkdir, readFile, readlink, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  chance,
  LifeboatError,
  limits,
  messageOf,
  syncFolder,
  systemCodeOf,
  writeFileDurably,
} from '../../core/index.ts';

/** What steps do to small files: settings, flags and links. Each change is whole or not at all, also in a power cut. */
export interface SettingsFiles {
  /** Undefined when there is none. Throws `target.unreadable` for what is no small text file. */
  read(path: string): Promise<string | undefined>;
  /** Keeps the mode and owner of what is there; what is new gets `mode`. A link is followed: what it leads to is replaced. */
  write(path: string, text: string, mode: number): Promise<void>;
  remove(path: string): Promise<void>;
  /** Where a link leads, as it is written; undefined when nothing is there. Throws when it is no link. */
  readLink(path: string): Promise<string | undefined>;
  /** Turns the link in one rename: at each moment it leads somewhere. */
  writeLink(path: string, leadsTo: string): Promise<void>;
}

/** The files of this machine. */
export const localFiles: SettingsFiles = {
  read: async (path) => {
    try {
      const { size } = await stat(path);
      if (size > limits.settingsBytesMax) throw unreadable(path, `it has ${size} bytes, which are no settings`);
      return await readFile(path, 'utf8');
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined;
      throw error instanceof LifeboatError ? error : unreadable(path, messageOf(error), error);
    }
  },
  write: async (path, text, mode) => {
    const real = await realPathOf(path);
    const before = await ifThere(() => stat(real));
    await writeFileDurably(real, text, before === undefined ? mode : before.mode & 0o7777);
    if (before === undefined) return;
    // The replaced file is a new one: who may read it stays as it was, whatever the process's umask is.
    if (process.getuid?.() === 0) await chown(real, before.uid, before.gid);
    await chmod(real, before.mode & 0o7777);
  },
  remove: async (path) => {
    await rm(path, { force: true });
    await syncFolder(dirname(path));
  },
  readLink: async (path) => {
    const there = await ifThere(() => lstat(path));
    if (there === undefined) return undefined;
    if (!there.isSymbolicLink()) throw unreadable(path, 'it is there and is no link, so it is not replaced');
    return readlink(path);
  },
  writeLink: async (path, leadsTo) => {
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${chance(8)}.tmp`;
    await symlink(leadsTo, temporary);
    try {
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  },
};

const realPathOf = async (path: string): Promise<string> => (await ifThere(() => realpath(path))) ?? path;

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const unreadable = (path: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('target.unreadable', `${path} cannot be read as settings: ${why}`, { cause });
