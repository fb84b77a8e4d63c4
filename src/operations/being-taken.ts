import { join } from 'node:path';
import { isLifeboatError } from '../core/index.ts';
import { isLockHeld } from '../journal/index.ts';
import type { Workspace } from './contract.ts';

/** Held by whoever takes points of the asset on this machine. */
export const backupLockFile = (stateFolder: string, asset: string): string =>
  join(stateFolder, 'locks', `backup-${asset}`);

/** Whether a process of this machine takes a point of the asset now. */
export const isBeingTaken = ({ stateFolder }: Pick<Workspace, 'stateFolder'>, asset: string): boolean =>
  isHeldHere(backupLockFile(stateFolder, asset));

/** Whether a process of this machine holds this lock. Where that cannot be asked none does. */
export function isHeldHere(file: string): boolean {
  try {
    return isLockHeld(file);
  } catch (error) {
    // Safe: whoever is told that nobody is at work looks after it.
    if (isLifeboatError(error)) return false;
    throw error;
  }
}
