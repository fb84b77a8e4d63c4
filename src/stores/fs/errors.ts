import { LifeboatError, messageOf, systemCodeOf, type ErrorCode } from '../../core/index.ts';

const codes: Readonly<Record<string, { code: ErrorCode; hint?: string }>> = {
  ENOENT: { code: 'store.missing' },
  ENOTDIR: { code: 'store.missing' },
  EEXIST: { code: 'store.exists' },
  ENOSPC: { code: 'store.full', hint: 'Make room on that disk; what was safe there is still safe.' },
  EDQUOT: { code: 'store.full', hint: 'Raise the quota; what was safe there is still safe.' },
  EACCES: { code: 'store.denied', hint: 'Let this user read and write the folder.' },
  EPERM: { code: 'store.denied', hint: 'Let this user read and write the folder.' },
  EROFS: { code: 'store.denied', hint: 'The file system is mounted read-only: often the sign of a failing disk.' },
};

/** The system's error in the words of the store contract; ours pass through. */
export function storeError(error: unknown, name: string, root: string): LifeboatError {
  if (error instanceof LifeboatError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new LifeboatError('operation.cancelled', 'the work on the store was stopped', { cause: error });
  }
  const known = codes[systemCodeOf(error) ?? ''] ?? { code: 'store.io' };
  if (known.code === 'store.missing' && name === root) {
    return new LifeboatError('store.missing', `the folder ${root} of the store does not exist`, {
      hint: 'Is its disk mounted? A new store is made with: lifeboat store init',
      cause: error,
    });
  }
  const where = `fs:${root}/${name}`;
  const hint = known.hint === undefined ? {} : { hint: known.hint };
  return new LifeboatError(known.code, `${sentences[known.code] ?? 'the store failed'}: ${messageOf(error)}`, {
    where,
    cause: error,
    ...hint,
  });
}

const sentences: Partial<Record<ErrorCode, string>> = {
  'store.missing': 'the object is not there',
  'store.exists': 'the object is already there',
  'store.full': 'the store has no room left',
  'store.denied': 'the store refused access',
  'store.io': 'the disk of the store failed',
};
