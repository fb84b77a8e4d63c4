import { LifeboatError, messageOf, sqliteCodeOf, systemCodeOf, type ErrorCode } from '../../core/index.ts';

/** SQLite's primary result codes that mean something of their own here. */
export const resultCodes = {
  busy: 5,
  locked: 6,
  readonly: 8,
  corrupt: 11,
  full: 13,
  cantOpen: 14,
  notADatabase: 26,
} as const;

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

const unreadable: Meaning = {
  code: 'asset.unreadable',
  says: 'cannot be read',
  hint: 'Is it there, and may this user read it and its folder?',
};
const locked: Meaning = {
  code: 'asset.changing',
  says: 'was locked by another process for too long',
  hint: 'End the transaction that holds it, and run again.',
};
const corrupt: Meaning = {
  code: 'asset.corrupt',
  says: 'is damaged or no SQLite database',
  hint: 'Keep the older points: lifeboat points.',
};

const meanings: Readonly<Record<number, Meaning>> = {
  [resultCodes.busy]: locked,
  [resultCodes.locked]: locked,
  [resultCodes.readonly]: {
    code: 'asset.unreadable',
    says: 'must be recovered by somebody who may write it',
    hint: 'A crash left a half transaction: open it once with its own program, or let this user write it and its folder.',
  },
  [resultCodes.corrupt]: corrupt,
  [resultCodes.full]: {
    code: 'disk.full',
    says: 'cannot be copied',
    hint: 'Make room on the disk of the state folder.',
  },
  [resultCodes.notADatabase]: corrupt,
};

/** What SQLite or the system said about a database file, in our words; ours pass through. */
export function sqliteError(error: unknown, file: string): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const system = systemCodeOf(error);
  const full = system === 'ENOSPC' || system === 'EDQUOT' ? meanings[resultCodes.full] : undefined;
  const { code, says, hint } = full ?? meanings[sqliteCodeOf(error) ?? -1] ?? unreadable;
  return new LifeboatError(code, `${file} ${says}: ${messageOf(error)}`, { where: file, hint, cause: error });
}
