import { readFile, stat, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LifeboatError, systemCodeOf, writeFileDurably } from '../../../core/index.ts';
import type { RestoredCopy, StartOptions } from '../../asset.ts';
import { mustBeMarked } from '../logical/index.ts';
import { findPrograms } from '../server/index.ts';
import { launchCopy } from '../copy/start.ts';

/** The first superuser of a cluster that is made for a dump: a name that no dump makes. */
export const dumpSuperuser = 'lifeboat_restore';

/** How people get into a copy: nothing that others keep tells it later. */
const wayName = 'lifeboat_way.json';
const way = z.object({ superuser: z.string() });

export async function writeWay(dataFolder: string, written: z.infer<typeof way>): Promise<void> {
  const file = join(dataFolder, wayName);
  await writeFileDurably(file, `${JSON.stringify(written)}\n`, 0o600);
  const { uid, gid } = await stat(dataFolder);
  if (process.getuid?.() === 0) await chown(file, uid, gid);
}

/** Starts what was restored from a copy that others made, apart from everything. See `Asset.start`. */
export async function startOutside(path: string, database: string, options: StartOptions): Promise<RestoredCopy> {
  const { superuser } = await readWay(path);
  const major = Number.parseInt(await readFile(join(path, 'PG_VERSION'), 'utf8'), 10);
  const url = `postgresql://${encodeURIComponent(superuser)}@localhost/${encodeURIComponent(database)}`;
  return launchCopy(path, url, options, {
    programs: await findPrograms(major),
    byPassword: false,
    confirm: async (copy) => {
      await mustBeMarked(path, { outside: options.facts['outside'] }, copy);
      return undefined;
    },
  });
}

async function readWay(path: string): Promise<z.infer<typeof way>> {
  try {
    return way.parse(JSON.parse(await readFile(join(path, wayName), 'utf8')));
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' && !(error instanceof SyntaxError) && !(error instanceof z.ZodError))
      throw error;
    throw new LifeboatError('asset.foreign', `${path} was not restored by Lifeboat, or not to its end`, {
      cause: error,
    });
  }
}
