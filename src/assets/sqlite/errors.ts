import { LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';

/** What SQLite or the system said about a database file, in our words. */
export function sqliteError(error: unknown, file: string): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const code =
    typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : undefined;
  const details = { where: file, cause: error };
  // SQLite's result codes: 5 busy, 6 locked, 11 corrupt, 14 cannot open, 26 not a database.
  if (code === 5 || code === 6) {
    return new LifeboatError('asset.changing', `${file} was locked by another process for too long`, {
      ...details,
      hint: 'End the transaction that holds it, and run again.',
    });
  }
  if (code === 11 || code === 26) {
    return new LifeboatError('asset.corrupt', `${file} is damaged or no SQLite database: ${messageOf(error)}`, {
      ...details,
      hint: 'Keep the older points.',
    });
  }
  if (code === 14 || systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'EACCES') {
    return new LifeboatError('asset.unreadable', `${file} cannot be opened: ${messageOf(error)}`, {
      ...details,
      hint: 'Is it there, and may this user read it and its folder?',
    });
  }
  return new LifeboatError('asset.unreadable', `${file}: ${messageOf(error)}`, details);
}
