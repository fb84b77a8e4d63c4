import { LifeboatError } from '../../../core/index.ts';
import type { ApplyOptions } from '../../asset.ts';
import type { PointContents } from '../../entry.ts';
import { findPrograms, makeServerFolder, mustBePassable, serverUser } from '../server/index.ts';
import { stripStaleSettings } from './settings.ts';

/** The map would send a server to the source's tablespaces; the signals would make it follow another server. */
const leftOut = new Set(['tablespace_map', 'standby.signal', 'recovery.signal']);

/**
 * Writes a data directory. Tablespaces become plain folders inside it (PostgreSQL calls them in-place), so that the copy can be
 * renamed and never shares a folder with its source. `backup_label` stays: without it a copy would start from the wrong place.
 */
export async function applyCluster(point: PointContents, staging: string, options: ApplyOptions): Promise<void> {
  // Asked first: without the programs of this version the copy could not be checked.
  await findPrograms(majorOf(point.facts));
  const user = await serverUser();
  await mustBePassable(staging, user);
  await makeServerFolder(staging, user);
  // Beside it, under a longer name: whoever clears the one away clears the other.
  await options.replay?.begin(`${staging}.log`);
  await point.writeTree(staging, {
    place: ({ path }) => (leftOut.has(path) ? undefined : path),
    ...(user === undefined ? {} : { owner: { uid: user.uid, gid: user.gid } }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  await stripStaleSettings(staging);
}

export function majorOf(facts: Readonly<Record<string, unknown>>): number {
  const major = Number(facts['major']);
  if (Number.isInteger(major)) return major;
  throw new LifeboatError('asset.foreign', 'the point does not say which PostgreSQL wrote it');
}
