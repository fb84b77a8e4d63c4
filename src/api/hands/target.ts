import { mkdir, realpath } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { systemCodeOf } from '../../core/index.ts';

/** Whether a path that is inside a folder by its name is inside by where its links lead, too. */
export async function isTargetInside(folder: string, target: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const real = await realpath(folder);
  for (let at = target; ; at = dirname(at)) {
    try {
      const way = relative(real, await realpath(at));
      return !way.startsWith('..');
    } catch (error) {
      // Not made yet: then what is above it decides.
      if (systemCodeOf(error) !== 'ENOENT') throw error;
    }
  }
}
