import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { nameOfBytes, systemCodeOf, systemPath } from '../../core/index.ts';

/** Something that stands in a tree that is to be rewritten. */
export interface Standing {
  /** Its path relative to the tree. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'other';
  readonly bytes: number;
  readonly modifiedNs: bigint;
  /** Names that a file has: what is written to one shows under all. */
  readonly names: number;
  /** Where a link leads that counts as the folder behind it. */
  readonly leadsTo?: string;
}

/** All that stands in a folder of a tree; the tree itself is ''. Its things may be removed while this goes on. */
export function* standingIn(
  root: string,
  folder: string,
  follow: (path: string) => boolean,
): Generator<Standing, void, void> {
  for (const bytes of readdirSync(systemPath(folder === '' ? root : `${root}/${folder}`), { encoding: 'buffer' })) {
    const name = nameOfBytes(bytes);
    const path = folder === '' ? name : `${folder}/${name}`;
    yield look(root, path, follow(path));
  }
}

/** What stands at a path; undefined: nothing. */
export function standingAt(root: string, path: string, follow: (path: string) => boolean): Standing | undefined {
  try {
    return look(root, path, follow(path));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function look(root: string, path: string, followed: boolean): Standing {
  const place = systemPath(`${root}/${path}`);
  const own = lstatSync(place, { bigint: true });
  const isLink = own.isSymbolicLink() && followed;
  const stat = isLink ? statSync(place, { bigint: true }) : own;
  const type = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other';
  const rest = { path, type, bytes: Number(stat.size), modifiedNs: stat.mtimeNs, names: Number(stat.nlink) } as const;
  return isLink && type === 'folder' ? { ...rest, leadsTo: realpathSync(place) as string } : rest;
}
