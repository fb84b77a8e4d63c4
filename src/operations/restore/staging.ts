import { createHash } from 'node:crypto';
import { link, lstat, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  endProcesses,
  isLifeboatError,
  LifeboatError,
  syncFolder,
  systemCodeOf,
  timeId,
  type Clock,
} from '../../core/index.ts';
import type { Workspace } from '../contract.ts';

/** A fresh name beside the target: on the same file system, so that the hand-over is one rename. */
export const stagingOf = (target: string, clock: Clock): string =>
  join(dirname(target), `.${basename(target)}.lifeboat-${timeId(clock.now())}`);

export const lockNameOf = (target: string): string =>
  `restore-${createHash('sha256').update(target).digest('hex').slice(0, 32)}`;

/** Gives the target its restored content at once; never replaces anything but an empty folder. Throws `restore.target_not_empty`. */
export async function handOver(staging: string, target: string): Promise<void> {
  try {
    if ((await lstat(staging)).isDirectory()) {
      // rename(2) replaces an empty folder and refuses a full one.
      await rename(staging, target);
    } else {
      // For a file rename(2) would replace what is there; link(2) refuses.
      await link(staging, target);
      await unlink(staging);
    }
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) {
      throw new LifeboatError('restore.target_not_empty', `${target} was made by somebody else while it was restored`, {
        cause: error,
      });
    }
    throw error;
  }
  await syncFolder(dirname(target));
}

/**
 * After a failure: what failed only its checks may be all that is left of the data, so it is kept under a name that says so;
 * anything else is removed. Returns where it is kept.
 */
export async function setAside(staging: string, target: string, error: unknown): Promise<string | undefined> {
  if (!isLifeboatError(error, 'restore.check_failed')) {
    await removeStaging(staging);
    return undefined;
  }
  const aside = staging.replace(`.${basename(target)}.lifeboat-`, `${basename(target)}.unproven-`);
  try {
    await rename(staging, aside);
  } catch (missing) {
    // The copy at the target failed after the hand-over: it stays where it is, and the error says that it is unproven.
    if (systemCodeOf(missing) !== 'ENOENT') throw missing;
    return target;
  }
  return aside;
}

/** Removes what killed restores to this target left beside it. The caller holds the target's lock, so none of them is alive. */
export async function removeLeftovers({ journal }: Workspace, target: string): Promise<void> {
  const ended = new Set(
    journal
      .records({ kinds: ['restore.finished', 'restore.failed'], own: true })
      .map(({ data }) => Number(data['intent'])),
  );
  for (const { sequence, data } of journal.records({ kinds: ['restore.started'], own: true })) {
    if (data['target'] !== target || ended.has(sequence)) continue;
    await removeStaging(String(data['staging']));
    journal.append('restore.failed', {
      intent: sequence,
      asset: data['asset'],
      error: { code: 'operation.cancelled', message: 'its process ended; what it left was removed' },
    });
  }
}

/** With whatever an asset put beside it under a longer name, and with a server that a killed restore had started in it. */
export async function removeStaging(staging: string): Promise<void> {
  await endProcesses(({ folder }) => folder !== undefined && (folder === staging || folder.startsWith(`${staging}/`)));
  const folder = dirname(staging);
  for (const name of await readdir(folder)) {
    if (name.startsWith(basename(staging))) await rm(join(folder, name), { recursive: true, force: true });
  }
}
