import { chmod, lstat, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatBytes, LifeboatError, systemCodeOf } from '../src/core/index.ts';
import { run } from './measure.ts';

/** A folder for all that the bench makes, passable by the server's user. Throws `store.full` when the disk is too small. */
export async function makeFolder(parent: string | undefined, bytesNeeded: number): Promise<string> {
  const place = resolve(parent ?? tmpdir());
  const { bavail, bsize } = await statfs(place);
  if (bavail * bsize < bytesNeeded) {
    throw new LifeboatError(
      'input.file',
      `${place} has ${formatBytes(bavail * bsize)} left and the bench needs up to ${formatBytes(bytesNeeded)}`,
      { hint: 'Name a bigger disk with --folder, or take --quick.' },
    );
  }
  const folder = await mkdtemp(join(place, 'lifeboat-bench-'));
  await chmod(folder, 0o755);
  return folder;
}

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

/** The sum of the sizes of all files below. */
export async function bytesIn(path: string): Promise<number> {
  const info = await lstat(path);
  if (!info.isDirectory()) return info.size;
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    try {
      const child = join(path, entry.name);
      bytes += entry.isDirectory() ? await bytesIn(child) : (await lstat(child)).size;
    } catch (error) {
      // A server removes files of its own while it is looked at.
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    }
  }
  return bytes;
}

/** Nothing of earlier work waits for the disk any more, and what will be read is in memory: the same start for every tool. */
export async function settle(signal: AbortSignal, warm: readonly string[]): Promise<void> {
  await run(['sync'], signal);
  // A file that a server removes meanwhile is no failure of the warming.
  for (const folder of warm)
    await run(['sh', '-c', 'find "$1" -type f -exec cat {} + > /dev/null 2>&1 || :', 'sh', folder], signal);
}

/** Makes what lies on the disk of `folder` durable; for tools that leave it to the system. */
export const syncDisk = (folder: string): readonly string[] => ['sync', '--file-system', folder];
