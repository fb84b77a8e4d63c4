import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { LifeboatError, messageOf, sqliteCodeOf, toLifeboatError, type ErrorCode } from '../core/index.ts';

/** What a file of ours in SQLite is to people, and what its errors are called where the disk is not to blame. */
export interface Subject {
  /** `journal`, `lock`: it goes on as "the disk of the … is full". */
  readonly name: string;
  readonly busy: ErrorCode;
  readonly damaged: ErrorCode;
}

const elsewhere = 'or name another folder of state: --state. A restore needs nothing of the old one.';

/**
 * What SQLite (or the system, before it) said about a file, in our words; ours pass through. Result codes: 5 busy, 6 locked,
 * 8 read-only, 10 input/output, 11 corrupt, 13 full, 14 cannot open, 26 not a database.
 */
export function inWordsOf(error: unknown, file: string, { name, busy, damaged }: Subject): LifeboatError {
  const code = sqliteCodeOf(error);
  const details = { where: file, cause: error };
  const said = messageOf(error);
  if (code === 5 || code === 6) return new LifeboatError(busy, `the ${name} is locked by another process`, details);
  // SQLite says "input/output" also when there is no room for the few bytes that it shares among processes.
  if (code === 13 || ((code === 10 || code === 14) && isFull(dirname(file))))
    return new LifeboatError('disk.full', `the disk of the ${name} is full`, {
      ...details,
      hint: `Make room there, ${elsewhere}`,
    });
  if (code === 8)
    return new LifeboatError('disk.denied', `the ${name} cannot be written: ${said}`, {
      ...details,
      hint: `Let this user write there, ${elsewhere}`,
    });
  if (code === 10)
    return new LifeboatError('disk.io', `the disk of the ${name} failed: ${said}`, {
      ...details,
      hint: `Look at the health of that disk, ${elsewhere}`,
    });
  if (code === 11 || code === 26) return new LifeboatError(damaged, `the ${name} cannot be read: ${said}`, details);
  if (code === 14)
    return new LifeboatError('input.file', `the ${name} cannot be opened: ${said}`, {
      ...details,
      hint: `Let this user write there, ${elsewhere}`,
    });
  const told = toLifeboatError(error);
  if (told === error || told.code === 'internal') return told;
  return new LifeboatError(told.code, told.message, {
    ...details,
    ...(told.hint === undefined ? {} : { hint: told.hint }),
  });
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < 64 * 2 ** 10 || (files > 0 && ffree === 0);
  } catch {
    return false; // the disk does not answer at all: then that is the error
  }
}
