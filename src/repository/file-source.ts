import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { Content } from '../assets/index.ts';
import { LifeboatError, limits, messageOf, systemCodeOf } from '../core/index.ts';
import { Chunker, type Piece } from './chunker.ts';

export interface FileRead {
  readonly bytes: number;
  readonly torn: boolean;
  /** The modification time of what was read. */
  readonly modifiedNs: bigint;
}

/**
 * Reads a file by path and hands its pieces to `take`, in order. Size, times and identity are compared before and after; on a
 * change `restart` is called and the file is read again, `limits.rereadsMax` times, then what was read stands as torn.
 * Throws `asset.vanished`, `asset.unreadable`, naming the file.
 */
export async function readFileContent(
  content: Content & { kind: 'file' },
  chunkerFor: () => Chunker,
  take: (piece: Piece) => Promise<void>,
  restart: () => void,
): Promise<FileRead> {
  for (let reread = 0; ; reread += 1) {
    const read = await readOnce(content, chunkerFor, take);
    if (!read.changed || content.mayChange === true) return { ...read, torn: false };
    if (reread === limits.rereadsMax) return { ...read, torn: true };
    restart();
  }
}

async function readOnce(
  content: Content & { kind: 'file' },
  chunkerFor: () => Chunker,
  take: (piece: Piece) => Promise<void>,
): Promise<{ bytes: number; changed: boolean; modifiedNs: bigint }> {
  const file = await openSource(content.path);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw unreadable(content.path, 'it is no longer a plain file');
    const bytes = await readThrough(file, content, Number(before.size), chunkerFor(), take);
    const after = await file.stat({ bigint: true });
    return { bytes, changed: changed(before, after, bytes, content), modifiedNs: after.mtimeNs };
  } catch (error) {
    if (systemCodeOf(error) === undefined || error instanceof LifeboatError) throw error;
    throw unreadable(content.path, messageOf(error), error);
  } finally {
    await file.close();
  }
}

async function readThrough(
  file: FileHandle,
  content: Content & { kind: 'file' },
  size: number,
  chunker: Chunker,
  take: (piece: Piece) => Promise<void>,
): Promise<number> {
  const most = content.bytes ?? Number.MAX_SAFE_INTEGER;
  let bytes = 0;
  while (bytes < most) {
    // One byte more than the file should have shows its end without another read.
    const room = chunker.room(Math.min(most, Math.max(size + 1, bytes + 1)) - bytes);
    const wanted = Math.min(room.length, most - bytes);
    const { bytesRead } = await file.read(room, 0, wanted, bytes);
    bytes += bytesRead;
    for (const piece of chunker.filled(bytesRead)) await take(piece);
    if (bytesRead < wanted) break;
  }
  for (const piece of chunker.finish()) await take(piece);
  return bytes;
}

async function openSource(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a pipe that took the place of the file would hang the backup for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ENOTDIR') {
      throw new LifeboatError('asset.vanished', `${path} went away before it could be read`, {
        where: path,
        hint: 'Run the backup again; exclude the path if such files come and go.',
        cause: error,
      });
    }
    throw unreadable(path, messageOf(error), error);
  }
}

/** A file that was removed or renamed after it was read whole has changed its `ctime`, but not what was read. */
function changed(before: BigIntStats, after: BigIntStats, bytes: number, content: Content & { kind: 'file' }): boolean {
  const capped = content.bytes !== undefined && before.size > BigInt(content.bytes);
  const short = bytes !== (capped ? content.bytes : Number(before.size));
  if (before.size !== after.size || before.mtimeNs !== after.mtimeNs || short) return true;
  return before.ctimeNs !== after.ctimeNs && after.nlink > 0n;
}

const unreadable = (path: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('asset.unreadable', `${path} cannot be read: ${why}`, {
    where: path,
    hint: 'Check its permissions and the disk, or exclude it.',
    cause,
  });
