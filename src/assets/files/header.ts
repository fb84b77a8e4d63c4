import type { BigIntStats } from 'node:fs';
import { numbersOfDevice, systemCalls } from '../../core/index.ts';
import type { EntryHeader, FileStamp } from '../entry.ts';
import type { AttributeReader } from './attributes.ts';

export interface HeaderOptions {
  /** Reads extended attributes; without it they are left out. */
  readonly attributes?: AttributeReader;
  /** Keeps the numbers of files in mind, to tell further names of one. */
  readonly names?: HardLinks;
  /** Whether numbers of files and file systems stay the same from one backup to the next. */
  readonly stableNumbers?: boolean;
}

/** What an entry says of what stands at a path. A link's target is not in it. */
export function headerOf(path: string, file: string, stats: BigIntStats, options: HeaderOptions): EntryHeader {
  const type = typeOf(stats);
  const first = type === 'file' && stats.nlink > 1n ? options.names?.meet(path, stats) : undefined;
  const attributes = first === undefined ? options.attributes?.read(path, file, stats.dev) : undefined;
  const [user, group] = [userNames.of(Number(stats.uid)), groupNames.of(Number(stats.gid))];
  return {
    path,
    type: first === undefined ? type : 'hardlink',
    mode: Number(stats.mode) & 0o7777,
    modifiedNs: stats.mtimeNs,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(first === undefined ? {} : { target: first }),
    ...(attributes === undefined ? {} : { attributes }),
    ...(type === 'file' ? ofFile(stats, options) : {}),
    ...(type === 'device' ? { device: deviceOf(stats) } : {}),
  };
}

function ofFile(stats: BigIntStats, { stableNumbers = true, names }: HeaderOptions): Partial<EntryHeader> {
  const stamp: FileStamp = stableNumbers
    ? { changedNs: stats.ctimeNs, inode: stats.ino, device: stats.dev }
    : { changedNs: stats.ctimeNs };
  return names !== undefined && stats.nlink > 1n ? { stamp, linked: true } : { stamp };
}

function typeOf(stats: BigIntStats): EntryHeader['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  if (stats.isSymbolicLink()) return 'symlink';
  return stats.isFIFO() ? 'fifo' : 'device';
}

const deviceOf = (stats: BigIntStats): NonNullable<EntryHeader['device']> => ({
  kind: stats.isBlockDevice() ? 'block' : 'character',
  ...numbersOfDevice(stats.rdev),
});

/** Files with several names: the first one is kept until all others were met, or the walk ends. */
export class HardLinks {
  readonly #first = new Map<string, { path: string; others: bigint }>();

  /** The path under which the same file was met before. */
  meet(path: string, { dev, ino, nlink }: BigIntStats): string | undefined {
    const key = `${dev}:${ino}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, { path, others: nlink - 1n });
      return undefined;
    }
    first.others -= 1n;
    if (first.others <= 0n) this.#first.delete(key);
    return first.path;
  }
}

/** Names of users do not change while we run; asking for one may go to a directory server. */
class Names {
  readonly #known = new Map<number, string | undefined>();
  readonly #ask: (id: number) => string | undefined;

  constructor(ask: (id: number) => string | undefined) {
    this.#ask = ask;
  }

  of(id: number): string | undefined {
    if (!this.#known.has(id)) this.#known.set(id, this.#ask(id));
    return this.#known.get(id);
  }
}

const userNames = new Names((uid) => systemCalls()?.userName(uid));
const groupNames = new Names((gid) => systemCalls()?.groupName(gid));
