import { LifeboatError, messageOf, systemCodeOf, type ErrorCode } from '../../core/index.ts';

interface Words {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint?: string;
}

const missing: Words = { code: 'store.missing', sentence: 'the object is not there' };
const full: Words = { code: 'store.full', sentence: 'the store has no room left' };
const denied: Words = {
  code: 'store.denied',
  sentence: 'the store refused access',
  hint: 'Let this user read and write the folder.',
};
const gone: Words = {
  code: 'store.unreachable',
  sentence: 'the file system of the store does not answer',
  hint: 'Look at its mount; the work can be repeated when it is back.',
};
const taken: Words = {
  code: 'store.name',
  sentence: 'an object and a folder cannot have the same name',
};

const words: Readonly<Record<string, Words>> = {
  ENOENT: missing,
  ENOTDIR: missing,
  EISDIR: missing,
  EEXIST: { code: 'store.exists', sentence: 'the object is already there' },
  ENOSPC: { ...full, hint: 'Make room on that disk; what was safe there is still safe.' },
  EDQUOT: { ...full, hint: 'Raise the quota; what was safe there is still safe.' },
  EFBIG: { ...full, hint: 'Raise the limit of the size of files (`ulimit -f`), or use another file system.' },
  EACCES: denied,
  EPERM: denied,
  EROFS: { ...denied, hint: 'The file system is mounted read-only: often the sign of a failing disk.' },
  EIO: {
    code: 'store.io',
    sentence: 'the disk of the store failed',
    hint: 'Look at the kernel log, and at the health of that disk.',
  },
  ESTALE: gone,
  ENOTCONN: gone,
  ENODEV: gone,
  ETIMEDOUT: gone,
  EHOSTDOWN: gone,
};

/** The system's error in the words of the store contract; ours pass through. `where` is the object's place. */
export function storeError(error: unknown, where: string): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const known = words[systemCodeOf(error) ?? ''] ?? { code: 'store.io' as const, sentence: 'the store failed' };
  return inWords(known, error, where);
}

/** As `storeError`, for a put: a path that cannot be made is no missing object. */
export function putError(error: unknown, where: string): LifeboatError {
  const code = systemCodeOf(error);
  if (code === 'ENOTDIR' || code === 'EISDIR') return inWords(taken, error, where);
  if (code === 'ENOENT') {
    const lost = { code: 'store.io' as const, sentence: 'a folder or file of the store was removed during the write' };
    return inWords(lost, error, where);
  }
  return storeError(error, where);
}

/** A file system without hard links cannot tell which of two writers was first. */
export function linkError(error: unknown): unknown {
  if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCodeOf(error) ?? '')) return error;
  return new LifeboatError('store.denied', 'the file system of the store cannot make hard links', {
    hint: 'Keep the store on one that can (ext4, xfs, btrfs, zfs, NFS): without them two writers could overwrite each other.',
    cause: error,
  });
}

/** The place itself is not there, when it is opened. */
export function rootMissing(root: string, cause: unknown): LifeboatError {
  return new LifeboatError('store.unreachable', `the folder ${root} of the store does not exist`, {
    hint: 'Is its disk mounted? A new store is made with: lifeboat store init',
    where: `fs:${root}`,
    cause,
  });
}

/** The place was there when it was opened, and is not any more: nothing can be said about its objects. */
export function rootGone(root: string, cause?: unknown): LifeboatError {
  return new LifeboatError('store.unreachable', `the folder ${root} of the store is not the one that was opened`, {
    hint: 'Was its disk unmounted, or the folder moved? Bring it back and run again.',
    where: `fs:${root}`,
    cause,
  });
}

const inWords = ({ code, sentence, hint }: Words, cause: unknown, where: string): LifeboatError =>
  new LifeboatError(code, `${sentence}: ${messageOf(cause)}`, {
    where,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
