import { open, rm, type FileHandle } from 'node:fs/promises';
import { LifeboatError, messageOf, systemCodeOf } from '../../core/index.ts';
import type { PointContents, StoredEntry } from '../entry.ts';
import { stopIfAsked } from '../stop.ts';

/**
 * Writes the one file of a point to `staging`, durably; what was begun is removed after a failure.
 * Throws `restore.target_unusable`, `restore.no_room`, `operation.cancelled` and the errors of the repository.
 */
export async function writeDatabaseFile(
  point: PointContents,
  entryName: string,
  staging: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const entry = await theEntry(point, entryName);
  try {
    const file = await open(staging, 'wx', 0o600);
    try {
      for await (const part of point.read(entryName)) {
        stopIfAsked(signal, 'the restore');
        await file.writeFile(part);
      }
      await dress(file, entry);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    // Nothing of ours was made if the name was taken.
    if (systemCodeOf(error) !== 'EEXIST') await rm(staging, { force: true });
    throw targetError(error, staging);
  }
}

async function theEntry(point: PointContents, entryName: string): Promise<StoredEntry> {
  for await (const entry of point.entries()) if (entry.path === entryName && entry.type === 'file') return entry;
  throw new LifeboatError('repository.damaged', `the point holds no SQLite database: it has no file "${entryName}"`);
}

/** The owner first: changing it takes bits of the mode away. Only root may give files away. */
async function dress(file: FileHandle, { uid, gid, mode, modifiedNs }: StoredEntry): Promise<void> {
  if (uid !== undefined && gid !== undefined && process.geteuid?.() === 0) await file.chown(uid, gid);
  await file.chmod(mode);
  const seconds = (Number(modifiedNs / 1000n) + 0.5) / 1e6;
  await file.utimes(seconds, seconds);
}

function targetError(error: unknown, staging: string): unknown {
  const code = systemCodeOf(error);
  if (error instanceof LifeboatError || code === undefined) return error;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new LifeboatError(
    full ? 'restore.no_room' : 'restore.target_unusable',
    `${staging} cannot be written: ${messageOf(error)}`,
    { where: staging, hint: full ? 'Free some space, or name another target.' : 'Name another target.', cause: error },
  );
}
