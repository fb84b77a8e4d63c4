import { LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';

/** A path that is no longer what it was a moment ago. */
export const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '');

export const unreadable = (error: unknown, path: string): LifeboatError =>
  new LifeboatError('asset.unreadable', `${path} cannot be read: ${messageOf(error)}`, {
    where: path,
    hint: 'Let this user read it, or exclude it in the plan.',
    cause: error,
  });

export const rootUnreadable = (root: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('asset.unreadable', `the folder ${root} cannot be read: ${why}`, {
    where: root,
    hint: 'Is its disk mounted, is it a folder, and may this user read it?',
    cause,
  });

export const rootVanished = (root: string, cause?: unknown): LifeboatError =>
  new LifeboatError('asset.vanished', `the folder ${root} went away, or became another one, while it was read`, {
    where: root,
    hint: 'Was its disk unmounted, or the folder replaced? Bring it back and run again.',
    cause,
  });
