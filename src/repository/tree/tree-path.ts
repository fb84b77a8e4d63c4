import { assert, isName } from '../../core/index.ts';
import { damaged } from '../damage.ts';

/**
 * Whether a path of an entry stays below its root: no absolute path, no empty part, no `.`, `..` or zero byte, and nothing that
 * stands for no bytes. The root is ''.
 */
export function staysInside(path: string): boolean {
  if (path === '') return true;
  return (
    !path.includes('\0') &&
    isName(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

export function requireInside(path: string): void {
  assert(staysInside(path), `an entry's path is relative and plain: ${JSON.stringify(path)}`);
}

/** Where an entry is written. Throws `repository.damaged` for a path that leads out of the root. */
export function targetOf(root: string, path: string, object: string): string {
  if (!staysInside(path))
    throw damaged(object, `the entry ${JSON.stringify(path)} would be written outside of its root`);
  return path === '' ? root : `${root}/${path}`;
}
