import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlaceOfPoints, PointCache } from '../repository/index.ts';

/** What was read of points, one sealed file for each store in the folder of state. Nothing rests on it: where it cannot be read or written, the store is read. */
export function pointCacheIn(stateFolder: string): PointCache {
  const folder = join(stateFolder, 'points');
  const fileOf = ({ repository, location }: PlaceOfPoints): string =>
    join(folder, createHash('sha256').update(`${repository} ${location}`).digest('hex').slice(0, 32));
  return {
    load: (place) => readFile(fileOf(place)).catch(() => undefined), // not there, or not to be read: the store is
    save: async (place, sealed) => {
      const whole = fileOf(place);
      const part = `${whole}.${randomBytes(6).toString('hex')}`;
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(part, sealed, { mode: 0o600 });
        await rename(part, whole);
      } catch {
        // A full disk, a folder that is only read: the next list reads the store again, and not what is known to be old.
        for (const path of [part, whole]) await rm(path, { force: true }).catch(() => {});
      }
    },
  };
}
