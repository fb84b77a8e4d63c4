import { realpath, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Asset, Replay } from '../../assets/index.ts';
import { formatBytes, LifeboatError, messageOf, mountPoints, shellWord, systemCodeOf } from '../../core/index.ts';
import type { Point } from '../../repository/index.ts';

/** Room to spare beside the plain size: file system overhead, and the log that a restored server writes at once. */
const roomFactor = 1.05;
const roomBytesExtra = 64 * 2 ** 20;

/**
 * Of log that is replayed a server has so much on its disk at once: what lies between its own checkpoints (`max_wal_size`, 1 GB), and what a copy keeps
 * for a stream (512 MB). The rest comes and goes.
 */
const logHeldBytesMax = 1536 * 2 ** 20;

/** What a restore writes, in plain bytes: of the point, and of log that is replayed behind it. */
export interface RestoredBytes {
  readonly bytes: number;
  readonly logBytes: number;
}

/** What a point and the replay behind it will write. */
export const restoredBytes = (
  asset: Asset,
  { bytes, facts }: Pick<Point, 'bytes' | 'facts'>,
  replay: Pick<Replay, 'bytes'> | undefined,
): RestoredBytes => ({ bytes: asset.room?.(facts.facts) ?? bytes, logBytes: replay?.bytes ?? 0 });

/**
 * Says before the first byte whether the target can take the restore. Log changes more than it adds, so that only what it takes itself is asked for;
 * returns a sentence where the disk would be too small if it added all that it could. Throws `restore.target_not_empty`, `restore.target_unusable`,
 * `restore.no_room`.
 */
export async function preflight(
  asset: Asset,
  target: string,
  { bytes, logBytes }: RestoredBytes,
): Promise<string | undefined> {
  const parent = dirname(target);
  await parentMustBeThere(parent);
  await mustBeNoMount(target, asset.name);
  const obstacles = await asset.obstacles(target);
  if (obstacles.length > 0) {
    throw new LifeboatError(
      'restore.target_not_empty',
      `${obstacles[0]} is in the way: a restore never writes over anything`,
      {
        where: obstacles.join(', '),
        hint: 'Name a target that does not exist yet.',
      },
    );
  }
  const { bavail, bsize } = await statfs(parent);
  const free = bavail * bsize;
  const needed = Math.ceil(bytes * roomFactor) + roomBytesExtra + Math.min(logBytes, logHeldBytesMax);
  if (free >= needed + logBytes) return undefined;
  if (free >= needed)
    return `${formatBytes(logBytes)} of log are replayed behind the point, and may add more data than ${parent} has room for (${formatBytes(free)} are free): look at it meanwhile`;
  const ofLog = logBytes === 0 ? '' : ` with the log that it replays (${formatBytes(logBytes)})`;
  throw new LifeboatError(
    'restore.no_room',
    `${parent} has ${formatBytes(free)} free, the restore needs ${formatBytes(needed)}${ofLog}`,
    {
      hint: 'Name a target on a larger disk.',
    },
  );
}

/** A restore is built beside its target, which then were another disk, and handed over by a rename, which no system does over a mount. */
async function mustBeNoMount(target: string, name: string): Promise<void> {
  const place = await realpath(target).catch(() => undefined); // what is not there is no mount
  if (place === undefined || !(await mountPoints()).includes(place)) return;
  if (!(await stat(place)).isDirectory()) return; // a file is in the way, mounted or not
  throw new LifeboatError('restore.target_unusable', `${target} is a mount point: nothing can be put in its place`, {
    where: target,
    hint: `Name a folder in it that does not exist yet: ${join(target, name)}`,
  });
}

async function parentMustBeThere(parent: string): Promise<void> {
  try {
    if ((await stat(parent)).isDirectory()) return;
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') {
      throw new LifeboatError('restore.target_unusable', `${parent} cannot be used: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  throw new LifeboatError('restore.target_unusable', `the folder ${parent} does not exist`, {
    hint: `Make it first: mkdir -p ${shellWord(parent)}`,
  });
}
