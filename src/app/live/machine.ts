import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes, systemCodeOf } from '../../core/index.ts';
import type { Finding } from '../../plan/index.ts';
import type { AssetState } from './assets.ts';
import type { World } from './world.ts';

/** The journal, locks and what is written down during a run. */
const ownBytes = 256 * 2 ** 20;
const roomFactor = 1.05;

/** Whether the folder of state can be used, and takes what backups write down while they run (a SQLite database is copied before it is read). */
export async function askMachine(world: World, assets: readonly AssetState[]): Promise<Finding[]> {
  const { stateFolder } = world.request;
  const answer = await world.ask('the folder of state', async () => {
    const folder = await nearest(stateFolder);
    await access(folder, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(folder);
    return { folder, freeBytes: bavail * bsize };
  });
  const at = ['plan'];
  if ('error' in answer) {
    const message = `the folder of state ${stateFolder} cannot be used: ${answer.error.message}`;
    return [world.found('live.state_folder', at, message, 'Let this user write there, or name another one: --state.')];
  }
  const { folder, freeBytes } = answer.value;
  const largest = assets.toSorted((a, b) => b.scratchBytes - a.scratchBytes)[0];
  const scratchBytes = largest?.scratchBytes ?? 0;
  const needed = ownBytes + scratchBytes * roomFactor;
  if (freeBytes >= needed) return [];
  const what = scratchBytes === 0 ? 'the journal' : `the journal and a copy of ${largest?.asset}`;
  const message = `${folder} has ${formatBytes(freeBytes)} free, and ${what} may take ${formatBytes(needed)}`;
  return [world.found('live.state_folder', at, message, 'Make room, or name another folder of state: --state.')];
}

/** The folder, or the nearest one above it that is there: the first command would make the rest. */
async function nearest(folder: string): Promise<string> {
  try {
    await access(folder);
    return folder;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' || folder === dirname(folder)) throw error;
    return nearest(dirname(folder));
  }
}
