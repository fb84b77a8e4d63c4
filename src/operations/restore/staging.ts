import { createHash } from 'node:crypto';
import { link, lstat, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  endProcesses,
  isLifeboatError,
  LifeboatError,
  messageOf,
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

/**
 * Gives the target its restored content at once; never replaces anything but an empty folder. A file that keeps its name beside the target has not failed
 * by that: `warn` is told. Throws `restore.target_not_empty`.
 */
export async function handOver(staging: string, target: string, warn: (sentence: string) => void): Promise<void> {
  try {
    if ((await lstat(staging)).isDirectory()) {
      // rename(2) replaces an empty folder and refuses a full one.
      await rename(staging, target);
    } else {
      // For a file rename(2) would replace what is there; link(2) refuses.
      await link(staging, target);
      await unlink(staging).catch((error: unknown) => {
        warn(
          `what was restored to ${target} still has the name ${staging} too (${messageOf(error)}): remove that name`,
        );
      });
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
    return (await isThere(target)) ? target : undefined;
  }
  return aside;
}

/** With the path of what `setAside` kept. */
export const sayingWhere = (failure: LifeboatError, aside: string, target: string): LifeboatError =>
  withMoreHint(
    failure,
    aside === target
      ? `What was restored stands at the target already, unproven: ${target}`
      : `What was restored is kept, unproven: ${aside}`,
  );

export const withMoreHint = (failure: LifeboatError, sentence: string): LifeboatError =>
  new LifeboatError(failure.code, failure.message, {
    hint: failure.hint === undefined ? sentence : `${failure.hint} ${sentence}`,
    ...(failure.where === undefined ? {} : { where: failure.where }),
    cause: failure,
  });

/** What it was before `sayingWhere`: for a place that goes away. */
export const notSayingWhere = (failure: unknown): unknown =>
  isLifeboatError(failure, 'restore.check_failed') && isLifeboatError(failure.cause, 'restore.check_failed')
    ? failure.cause
    : failure;

/**
 * Removes what killed restores to this target left beside it, and writes down how they ended. One that had handed over has not failed: what it restored was
 * checked and stands there. When that was is not known any more, so that it proves nothing. The caller holds the target's lock, so none of them is alive.
 */
export async function removeLeftovers({ journal }: Workspace, target: string): Promise<void> {
  const of = (...kinds: string[]): Set<number> =>
    new Set(journal.records({ kinds, own: true }).map(({ data }) => Number(data['intent'])));
  const ended = of('restore.finished', 'restore.failed', 'restore.interrupted');
  const checked = of('restore.checked');
  for (const { sequence, data } of journal.records({ kinds: ['restore.started'], own: true })) {
    if (data['target'] !== target || ended.has(sequence)) continue;
    const staging = String(data['staging']);
    const isHandedOver = checked.has(sequence) && (await standsAt(target, staging));
    await removeStaging(staging);
    const ending = { intent: sequence, asset: data['asset'] };
    if (isHandedOver) {
      const reason = 'its process ended when it had handed over what it had restored and checked';
      journal.append('restore.interrupted', { ...ending, target, reason });
    } else {
      const error = { code: 'operation.cancelled', message: 'its process ended; what it left was removed' };
      journal.append('restore.failed', { ...ending, error });
    }
  }
}

/** A folder is in one place or in the other; a file has both names for a moment (`handOver`), and stands whole at its target then. */
async function standsAt(target: string, staging: string): Promise<boolean> {
  if (!(await isThere(staging))) return isThere(target);
  try {
    const [own, handed] = await Promise.all([lstat(staging), lstat(target)]);
    return own.dev === handed.dev && own.ino === handed.ino;
  } catch {
    return false; // not there, or not to be seen: then nobody knows that it stands
  }
}

/** What cannot be seen has nothing that could be removed. */
export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/** With whatever an asset put beside it under a longer name, and with a server that a killed restore had started in it. */
export async function removeStaging(staging: string): Promise<void> {
  await endProcesses(({ folder }) => folder !== undefined && (folder === staging || folder.startsWith(`${staging}/`)));
  const folder = dirname(staging);
  for (const name of await readdir(folder)) {
    if (name.startsWith(basename(staging))) await rm(join(folder, name), { recursive: true, force: true });
  }
}
