import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { filesKind, type FilesSettings } from '../../assets/files/index.ts';
import type { Asset, WrittenTree } from '../../assets/index.ts';
import { nameOfBytes, silentProgress, systemCalls, systemClock } from '../../core/index.ts';
import type { Point, Repository, WriteOptions } from '../repository.ts';
import { writeOptions } from './fixtures.ts';

export const treeAsset = (path: string, settings: Partial<FilesSettings> = {}): Asset =>
  filesKind.open('uploads', { path, ...settings }, { baseFolder: '/', clock: systemClock, checkKinds: [] });

/** A point of a tree on disk, as a backup takes it. */
export async function backupTree(
  repository: Repository,
  asset: Asset,
  options: Partial<WriteOptions> = {},
): Promise<Point> {
  const writer = await repository.write({ ...writeOptions, ...options });
  try {
    const capture = asset.capture({
      scratch: '/nowhere',
      progress: silentProgress,
      readSoFar: async () => void (await writer.settle()),
    });
    for (;;) {
      const next = await capture.next();
      if (next.done === true) {
        await writer.settle();
        return await writer.commit(next.value, { planHash: 'hash', tool: 'test' });
      }
      await writer.add(next.value);
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

export async function restoreTree(repository: Repository, point: Point, target: string): Promise<WrittenTree> {
  await mkdir(target, { mode: 0o700 });
  return (await repository.contents(point)).writeTree(target);
}

/** One file of a point. */
export async function textOf(repository: Repository, point: Point, path: string): Promise<string> {
  let text = '';
  for await (const part of (await repository.contents(point)).read(path)) text += Buffer.from(part).toString();
  return text;
}

/** All that a restore to the letter brings back of what is below a folder; files of one inode bear the same number. */
export function portrait(root: string): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  const inodes = new Map<bigint, number>();
  const look = (path: string): void => {
    const place = Buffer.concat([Buffer.from(root), Buffer.from(path === '' ? '' : `/${path}`, 'latin1')]);
    const stats = lstatSync(place, { bigint: true });
    const calls = systemCalls();
    const attributes = (calls?.attributeNames(place) ?? []).map((name) => [
      name.toString('latin1'),
      calls?.attribute(place, name).toString('hex'),
    ]);
    if (stats.isFile() && !inodes.has(stats.ino)) inodes.set(stats.ino, inodes.size);
    seen[path] = {
      mode: stats.mode.toString(8),
      owner: [stats.uid, stats.gid],
      time: stats.mtimeNs,
      device: stats.rdev,
      attributes: attributes.toSorted(),
      ...(stats.isFile() ? { inode: inodes.get(stats.ino), content: readFileSync(place).toString('base64') } : {}),
      ...(stats.isSymbolicLink() ? { target: nameOfBytes(readlinkSync(place, { encoding: 'buffer' })) } : {}),
    };
    if (!stats.isDirectory()) return;
    for (const name of readdirSync(place, 'latin1').sort()) look(path === '' ? name : `${path}/${name}`);
  };
  look('');
  return seen;
}

/** What this process has read from files so far, bytes. */
export const bytesRead = (): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? Number.NaN);
