import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { nameOfBytes, systemPath } from '../../core/index.ts';

/** Something that stands in a tree that is to be rewritten. */
export interface Standing {
  readonly type: 'file' | 'folder' | 'other';
  readonly bytes: number;
  readonly modifiedNs: bigint;
  /** Names that a file has: what is written to one shows under all. */
  readonly names: number;
  /** Where a link leads that counts as the folder behind it. */
  readonly leadsTo?: string;
}

/** All that stands below a folder, by its path relative to it; a folder before what it holds. */
export function standingBelow(root: string, follow: (path: string) => boolean): Map<string, Standing> {
  const found = new Map<string, Standing>();
  const walk = (folder: string): void => {
    const place = folder === '' ? root : `${root}/${folder}`;
    for (const bytes of readdirSync(systemPath(place), { encoding: 'buffer' })) {
      const name = nameOfBytes(bytes);
      const path = folder === '' ? name : `${folder}/${name}`;
      const standing = look(`${root}/${path}`, follow(path));
      found.set(path, standing);
      if (standing.type === 'folder') walk(path);
    }
  };
  walk('');
  return found;
}

function look(path: string, followed: boolean): Standing {
  const own = lstatSync(systemPath(path), { bigint: true });
  const isLink = own.isSymbolicLink() && followed;
  const stat = isLink ? statSync(systemPath(path), { bigint: true }) : own;
  const type = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  const rest = { bytes: Number(stat.size), modifiedNs: stat.mtimeNs, names: Number(stat.nlink) };
  return isLink && type === 'folder' ? { type, ...rest, leadsTo: realpathSync(path) } : { type, ...rest };
}
