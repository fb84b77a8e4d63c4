import { lstat, opendir, readlink, realpath } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import type { EntryHeader } from '../entry.ts';

export interface Found {
  readonly header: EntryHeader;
  /** Where it is, to be read. */
  readonly file: string;
  readonly bytes: number;
}

/** A thing that no backup can hold (a socket, a device, a pipe). */
export interface Skipped {
  readonly path: string;
  readonly what: string;
}

/**
 * Everything below a folder, the folder itself first, then in the order of names, a folder before what it holds. Memory grows
 * with the largest single folder, not with the tree. Links are not followed. What cannot be looked at is an error, never left
 * out: `asset.unreadable`, `asset.vanished`, `asset.unsupported` for names that are not UTF-8.
 */
export async function* walk(
  root: string,
  exclude: readonly string[],
  skip: (skipped: Skipped) => void,
): AsyncGenerator<Found, void, void> {
  const top = await lookAtRoot(root);
  yield found('', top, root);
  yield* walkFolder(root, '', exclude, skip);
}

async function lookAtRoot(root: string): Promise<BigIntStats> {
  try {
    // The asset may be a link to a folder; what it holds is what must survive.
    const stats = await lstat(await realpath(root), { bigint: true });
    if (stats.isDirectory()) return stats;
  } catch (error) {
    throw new LifeboatError('asset.unreadable', `the folder ${root} cannot be read: ${messageOf(error)}`, {
      hint: 'Is its disk mounted, and may this user read it?',
      cause: error,
    });
  }
  throw new LifeboatError('asset.unreadable', `${root} is no folder`, {
    hint: 'Name a folder as the path of the asset.',
  });
}

async function* walkFolder(
  root: string,
  path: string,
  exclude: readonly string[],
  skip: (skipped: Skipped) => void,
): AsyncGenerator<Found, void, void> {
  for (const name of await namesIn(join(root, path), root)) {
    const child = path === '' ? name : `${path}/${name}`;
    if (exclude.some((pattern) => matchesGlob(child, pattern))) continue;
    const file = join(root, child);
    const stats = await look(file, root);
    // Removed since its folder was read: it was not there at the end of the walk either.
    if (stats === undefined) continue;
    if (stats.isSymbolicLink()) {
      const target = await readlink(file, { encoding: 'utf8' });
      yield { ...found(child, stats, file), header: { ...found(child, stats, file).header, type: 'symlink', target } };
    } else if (stats.isDirectory()) {
      yield found(child, stats, file);
      yield* walkFolder(root, child, exclude, skip);
    } else if (stats.isFile()) yield found(child, stats, file);
    else skip({ path: child, what: stats.isSocket() ? 'a socket' : stats.isFIFO() ? 'a pipe' : 'a device' });
  }
}

const found = (path: string, stats: BigIntStats, file: string): Found => ({
  file,
  bytes: stats.isFile() ? Number(stats.size) : 0,
  header: {
    path,
    type: stats.isDirectory() ? 'folder' : 'file',
    mode: Number(stats.mode) & 0o7777,
    modifiedNs: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  },
});

async function namesIn(folder: string, root: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const item of await opendir(folder, { encoding: 'buffer' as 'utf8', bufferSize: 256 })) {
      names.push(utf8(item.name as unknown as Buffer, folder));
    }
  } catch (error) {
    if (error instanceof LifeboatError) throw error;
    if (systemCodeOf(error) === 'ENOENT' && folder !== root) return [];
    throw unreadable(error, folder, root);
  }
  return names.sort();
}

function utf8(name: Buffer, folder: string): string {
  const text = name.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(name)) return text;
  throw new LifeboatError('asset.unsupported', `a name in ${folder} is not UTF-8: ${name.toString('latin1')}`, {
    hint: 'Rename it, or exclude it.',
  });
}

async function look(file: string, root: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(file, { bigint: true });
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw unreadable(error, file, root);
    // Only this file is gone, or the whole asset under us.
    await lstat(root).catch((gone: unknown) => Promise.reject(unreadable(gone, root, root)));
    return undefined;
  }
}

function unreadable(error: unknown, path: string, root: string): LifeboatError {
  const vanished = systemCodeOf(error) === 'ENOENT';
  const what = vanished && path === root ? 'went away while it was read' : `cannot be read: ${messageOf(error)}`;
  return new LifeboatError(vanished ? 'asset.vanished' : 'asset.unreadable', `${path} ${what}`, {
    where: path,
    hint: 'Let this user read it, or exclude it in the plan.',
    cause: error,
  });
}
