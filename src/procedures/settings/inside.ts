import { isAbsolute, relative, resolve } from 'node:path';

/** Whether a path is below a folder; the folder itself is not. By name: links are the business of who made the folder. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}
