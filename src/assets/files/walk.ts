import { lstatSync, readdirSync, readlinkSync, type BigIntStats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { limits, messageOf, nameOfBytes, Patience, shownName, systemPath, type Clock } from '../../core/index.ts';
import type { EntryHeader } from '../entry.ts';
import { isGone, rootUnreadable, rootVanished, unreadable } from './errors.ts';
import { cacheTag, isCacheTag, kernelFileSystem } from './file-systems.ts';
import { headerOf, type HeaderOptions } from './header.ts';

export interface Found {
  readonly header: EntryHeader;
  /** Where it is, to be read; escaped as paths of entries are. */
  readonly file: string;
  readonly bytes: number;
}

/** Something about a path that must be said: it was left out, or it is more than it seems. */
export interface Noticed {
  readonly path: string;
  readonly what: string;
}

export interface WalkOptions extends HeaderOptions {
  readonly clock: Clock;
  /** Paths, relative to the root, that are left out with all below them. */
  readonly excludes?: (path: string) => boolean;
  /** Leave out what is in folders that are marked by a CACHEDIR.TAG. */
  readonly excludeCaches?: boolean;
  /** Leave out what is in other file systems mounted below the root; undefined: take it, and say so. */
  readonly oneFileSystem?: boolean | undefined;
  readonly notice?: (noticed: Noticed) => void;
}

interface Folder {
  readonly path: string;
  readonly names: readonly string[];
  readonly stats: BigIntStats;
  /** The next name to look at. */
  at: number;
}

/** Between two looks at whatever else the process has to do. */
const namesAtOnce = 256;
/** Looked at together where a single look takes long. */
const looksAtOnce = 64;

/**
 * Everything below a folder, the folder itself first, then in the order of the bytes of names, a folder before what it holds. Memory
 * grows with the largest single folder, not with the tree. Links are not followed, only the root may be one. What cannot be looked
 * at is an error, never left out: `asset.unreadable`; `asset.vanished` when the root goes away or becomes another folder (a disk
 * that is unmounted leaves an empty one).
 */
export async function* walk(root: string, options: WalkOptions): AsyncGenerator<Found, void, void> {
  const top = await lookAtRoot(root);
  const walker = new Walker(root, top, options);
  yield { file: root, bytes: 0, header: headerOf('', root, top, options) };
  yield* walker.below();
  await walker.mustStillBeThere();
}

class Walker {
  readonly #root: string;
  readonly #top: BigIntStats;
  readonly #options: WalkOptions;
  readonly #ahead = new Map<string, BigIntStats | undefined>();
  readonly #patience: Patience;
  #looked = 0;

  constructor(root: string, top: BigIntStats, options: WalkOptions) {
    this.#root = root;
    this.#top = top;
    this.#options = options;
    this.#patience = new Patience(options.clock, limits.smallReadMs);
  }

  async *below(): AsyncGenerator<Found, void, void> {
    const way: Folder[] = [await this.#enter('', this.#top)];
    for (let folder = way.at(-1); folder !== undefined; folder = way.at(-1)) {
      const name = folder.names[folder.at];
      if (name === undefined) {
        way.pop();
        continue;
      }
      if (this.#patience.isLost) await this.#lookAhead(folder);
      folder.at += 1;
      await this.#pause();
      const path = below(folder.path, name);
      if (this.#options.excludes?.(path) === true) {
        this.#ahead.delete(path);
        continue;
      }
      const stats = await this.#look(path);
      const item = stats && (await this.#found(path, stats));
      if (stats === undefined || item === undefined) continue;
      yield item;
      if (stats.isDirectory() && this.#leadsOn(path, stats, way)) way.push(await this.#enter(path, stats));
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

  async #enter(path: string, stats: BigIntStats): Promise<Folder> {
    const folder = this.#place(path);
    try {
      // One character for each byte: so they sort by bytes, and nothing is read under another name.
      const names = readdirSync(systemPath(folder), 'latin1').sort();
      const tagged = this.#options.excludeCaches === true && names.includes(cacheTag);
      const own = tagged && isCacheTag(`${folder}/${cacheTag}`) ? [cacheTag] : names;
      return { path, names: own.map(nameOfLatin1), stats, at: 0 };
    } catch (error) {
      if (!isGone(error)) throw unreadable(error, shownName(folder));
      await this.#removed(path, 'was removed while the tree was read');
      return { path, names: [], stats, at: 0 };
    }
  }

  async #look(path: string): Promise<BigIntStats | undefined> {
    const stats = this.#ahead.has(path) ? this.#ahead.get(path) : this.#lookNow(path);
    this.#ahead.delete(path);
    if (stats === undefined) await this.#removed(path, 'was removed before it could be read');
    return stats;
  }

  #lookNow(path: string): BigIntStats | undefined {
    const place = systemPath(this.#place(path));
    try {
      return this.#patience.measure(() => lstatSync(place, { bigint: true, throwIfNoEntry: false }));
    } catch (error) {
      if (isGone(error)) return undefined;
      throw unreadable(error, shownName(this.#place(path)));
    }
  }

  /** A file server answers many questions in the time of one. */
  async #lookAhead(folder: Folder): Promise<void> {
    const paths = folder.names.slice(folder.at, folder.at + looksAtOnce).map((name) => below(folder.path, name));
    if (this.#ahead.has(paths[0] as string)) return;
    // The first one is looked at here again, to see whether it still takes long.
    paths.shift();
    const looks = paths.map(async (path) => {
      try {
        this.#ahead.set(path, await lstat(systemPath(this.#place(path)), { bigint: true }));
      } catch {
        // Whoever comes to it looks again, and meets the same error or none.
      }
    });
    await Promise.all(looks);
  }

  async #found(path: string, stats: BigIntStats): Promise<Found | undefined> {
    const file = this.#place(path);
    if (stats.isSocket()) {
      this.#options.notice?.({ path, what: 'is a socket and was left out: its program makes it anew' });
      return undefined;
    }
    const header = headerOf(path, file, stats, this.#options);
    if (!stats.isSymbolicLink()) return { header, file, bytes: stats.isFile() ? Number(stats.size) : 0 };
    try {
      const target = nameOfBytes(readlinkSync(systemPath(file), { encoding: 'buffer' }));
      return { header: { ...header, target }, file, bytes: 0 };
    } catch (error) {
      if (!isGone(error)) throw unreadable(error, shownName(file));
      await this.#removed(path, 'was removed before it could be read');
      return undefined;
    }
  }

  /** Whether to go into a folder. What is mounted there may be data on another disk, or no data at all. */
  #leadsOn(path: string, stats: BigIntStats, way: readonly Folder[]): boolean {
    if (way.some((above) => above.stats.dev === stats.dev && above.stats.ino === stats.ino)) {
      this.#options.notice?.({ path, what: 'is a folder above it, mounted again, and was left out' });
      return false;
    }
    if (stats.dev === way.at(-1)?.stats.dev) return true;
    const kernel = this.#kernelAt(path);
    if (kernel !== undefined) {
      this.#options.notice?.({ path, what: `shows the kernel's own ${kernel}, which is no data, and was left out` });
      return false;
    }
    const { oneFileSystem } = this.#options;
    const what = 'is another file system and was taken in; `oneFileSystem` in the plan says whether it should be';
    if (oneFileSystem === undefined) this.#options.notice?.({ path, what });
    return oneFileSystem !== true;
  }

  #kernelAt(path: string): string | undefined {
    try {
      return kernelFileSystem(this.#place(path));
    } catch (error) {
      // It went away: whoever enters it finds that out.
      if (isGone(error)) return undefined;
      throw unreadable(error, shownName(this.#place(path)));
    }
  }

  async #removed(path: string, what: string): Promise<void> {
    await this.mustStillBeThere();
    this.#options.notice?.({ path, what });
  }

  async #pause(): Promise<void> {
    this.#looked += 1;
    if (this.#looked % namesAtOnce === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #place(path: string): string {
    return path === '' ? this.#root : `${this.#root}/${path}`;
  }
}

const below = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

const nameOfLatin1 = (name: string): string =>
  // oxlint-disable-next-line no-control-regex -- all of ASCII is meant
  /^[\x00-\x7f]*$/.test(name) ? name : nameOfBytes(Buffer.from(name, 'latin1'));

async function lookAtRoot(root: string): Promise<BigIntStats> {
  let stats: BigIntStats;
  try {
    // The asset may be a link to a folder: what that holds is what must survive.
    stats = await stat(root, { bigint: true });
  } catch (error) {
    throw rootUnreadable(root, isGone(error) ? 'it is not there' : messageOf(error), error);
  }
  if (stats.isDirectory()) return stats;
  throw rootUnreadable(root, 'it is no folder');
}
