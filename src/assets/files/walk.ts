import type { BigIntStats } from 'node:fs';
import { lstat, opendir, readlink, stat } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';
import { LifeboatError } from '../../core/index.ts';
import type { EntryHeader } from '../entry.ts';
import { isGone, notUtf8, rootUnreadable, rootVanished, unreadable } from './errors.ts';

export interface Found {
  readonly header: EntryHeader;
  /** Where it is, to be read. */
  readonly file: string;
  readonly bytes: number;
}

/** Something that was met and is not in the walk: a socket, a device, a pipe, or what was removed before it could be looked at. */
export interface Skipped {
  readonly path: string;
  readonly what: string;
}

export interface WalkOptions {
  /** Globs over paths relative to the root; what matches is left out with all below it. */
  readonly exclude?: readonly string[];
  readonly onSkipped?: (skipped: Skipped) => void;
}

/**
 * Everything below a folder, the folder itself first, then in the order of names, a folder before what it holds. Memory grows
 * with the largest single folder, not with the tree. Links are not followed, only the root may be one. What cannot be looked at is
 * an error, never left out: `asset.unreadable`; `asset.vanished` when the root goes away or becomes another folder (a disk that is
 * unmounted leaves an empty one); `asset.unsupported` for names that are not UTF-8.
 */
export async function* walk(root: string, options: WalkOptions = {}): AsyncGenerator<Found, void, void> {
  const top = await lookAtRoot(root);
  const walker = new Walker(root, top, options);
  yield found('', top, root);
  yield* walker.below('');
  await walker.mustStillBeThere();
}

class Walker {
  readonly #root: string;
  readonly #top: BigIntStats;
  readonly #exclude: readonly string[];
  readonly #onSkipped: (skipped: Skipped) => void;

  constructor(root: string, top: BigIntStats, { exclude, onSkipped }: WalkOptions) {
    this.#root = root;
    this.#top = top;
    this.#exclude = exclude ?? [];
    this.#onSkipped = onSkipped ?? (() => {});
  }

  async *below(path: string): AsyncGenerator<Found, void, void> {
    for (const name of await this.#namesIn(path)) {
      const child = path === '' ? name : `${path}/${name}`;
      if (this.#exclude.some((pattern) => matchesGlob(child, pattern))) continue;
      const item = await this.#look(child);
      if (item === undefined) continue;
      yield item;
      if (item.header.type === 'folder') yield* this.below(child);
    }
  }

  /** A file that is gone may be one file, or the whole asset under us: then everything after would look removed too. */
  async mustStillBeThere(): Promise<void> {
    let now: BigIntStats;
    try {
      now = await stat(this.#root, { bigint: true });
    } catch (error) {
      throw rootVanished(this.#root, error);
    }
    if (now.dev !== this.#top.dev || now.ino !== this.#top.ino) throw rootVanished(this.#root);
  }

  async #namesIn(path: string): Promise<string[]> {
    const folder = join(this.#root, path);
    const names: string[] = [];
    try {
      // Names come as bytes, so that one that is not UTF-8 is noticed and not read under another name.
      const options = { encoding: 'buffer' as 'utf8', bufferSize: 256 };
      for await (const item of await opendir(folder, options)) names.push(utf8(item.name as unknown as Buffer, folder));
    } catch (error) {
      if (error instanceof LifeboatError) throw error;
      if (!isGone(error)) throw unreadable(error, folder);
      await this.#removed(path, 'was removed while the tree was read');
      return [];
    }
    return names.sort();
  }

  async #look(path: string): Promise<Found | undefined> {
    const file = join(this.#root, path);
    try {
      const stats = await lstat(file, { bigint: true });
      const item = found(path, stats, file);
      if (stats.isFile() || stats.isDirectory()) return item;
      if (stats.isSymbolicLink()) return { ...item, header: { ...item.header, target: await targetOf(file) } };
      this.#onSkipped({ path, what: `is ${kindOf(stats)} and was left out` });
    } catch (error) {
      if (error instanceof LifeboatError) throw error;
      if (!isGone(error)) throw unreadable(error, file);
      await this.#removed(path, 'was removed before it could be read');
    }
    return undefined;
  }

  async #removed(path: string, what: string): Promise<void> {
    await this.mustStillBeThere();
    this.#onSkipped({ path, what });
  }
}

async function lookAtRoot(root: string): Promise<BigIntStats> {
  let stats: BigIntStats;
  try {
    // The asset may be a link to a folder: what that holds is what must survive.
    stats = await stat(root, { bigint: true });
  } catch (error) {
    throw rootUnreadable(root, isGone(error) ? 'it is not there' : (error as Error).message, error);
  }
  if (stats.isDirectory()) return stats;
  throw rootUnreadable(root, 'it is no folder');
}

const found = (path: string, stats: BigIntStats, file: string): Found => ({
  file,
  bytes: stats.isFile() ? Number(stats.size) : 0,
  header: {
    path,
    type: stats.isDirectory() ? 'folder' : stats.isSymbolicLink() ? 'symlink' : 'file',
    mode: Number(stats.mode) & 0o7777,
    modifiedNs: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  },
});

async function targetOf(link: string): Promise<string> {
  return utf8(await readlink(link, { encoding: 'buffer' }), link);
}

function utf8(name: Buffer, folder: string): string {
  const text = name.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(name)) return text;
  throw notUtf8(name, folder);
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSocket()) return 'a socket';
  return stats.isFIFO() ? 'a pipe' : 'a device';
}
