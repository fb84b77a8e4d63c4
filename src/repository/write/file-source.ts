import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import type { Content, FileStamp } from '../../assets/index.ts';
import {
  LifeboatError,
  limits,
  messageOf,
  shownName,
  systemCalls,
  systemCodeOf,
  systemPath,
  type SystemCalls,
} from '../../core/index.ts';
import { Chunker, type Piece } from './chunker.ts';

export interface FileRead {
  readonly bytes: number;
  readonly torn: boolean;
  /** The modification time of what was read. */
  readonly modifiedNs: bigint;
  readonly stamp: Required<FileStamp>;
  /** It has holes. */
  readonly sparse: boolean;
}

export type FileContent = Content & { kind: 'file' };

const holeBytesMin = 64 * 2 ** 10;

/** Reads an open file that was as big as this a moment ago; returns how many bytes it had. */
type Read = (file: FileHandle, size: number, sparse: boolean) => Promise<number>;

/**
 * Reads a file by path and hands its pieces to `take`, in order. Size, times and identity are compared before and after; on a
 * change `restart` is called and the file is read again, `limits.rereadsMax` times, then what was read stands as torn.
 * Throws `asset.vanished`, `asset.unreadable`, naming the file.
 */
export function readFileContent(
  content: FileContent,
  chunkerFor: () => Chunker,
  take: (piece: Piece) => Promise<void>,
  restart: () => void,
): Promise<FileRead> {
  const read: Read = (file, size, sparse) =>
    (sparse && systemCalls() !== undefined ? readData : readThrough)(file, content, size, chunkerFor, take);
  return readUntilStill(content, read, restart);
}

/** As `readFileContent`, for fixed pieces: nobody has to find their ends, so that whoever seals them reads them, `bytes` at most. */
export function sealFileContent(
  content: FileContent,
  seal: (file: FileHandle, bytes: number) => Promise<number>,
  restart: () => void,
): Promise<FileRead> {
  const read: Read = (file, size) => seal(file, Math.min(content.bytes ?? Infinity, size));
  return readUntilStill(content, read, restart);
}

async function readUntilStill(content: FileContent, read: Read, restart: () => void): Promise<FileRead> {
  for (let reread = 0; ; reread += 1) {
    const found = await readOnce(content, read);
    if (!found.changed || content.mayChange === true) return { ...found, torn: false };
    if (reread === limits.rereadsMax) return { ...found, torn: true };
    restart();
  }
}

async function readOnce(content: FileContent, read: Read): Promise<Omit<FileRead, 'torn'> & { changed: boolean }> {
  const file = await openSource(content);
  try {
    const before = await file.stat({ bigint: true });
    if (!before.isFile()) throw unreadable(content.path, 'it is no longer a plain file');
    const sparse = content.bytes === undefined && before.blocks * 512n < before.size;
    const bytes = await read(file, Number(before.size), sparse);
    const after = await file.stat({ bigint: true });
    const stamp = { changedNs: after.ctimeNs, inode: after.ino, device: after.dev };
    return { bytes, changed: changed(before, after, bytes, content), modifiedNs: after.mtimeNs, stamp, sparse };
  } catch (error) {
    if (systemCodeOf(error) === undefined || error instanceof LifeboatError) throw error;
    throw unreadable(content.path, messageOf(error), error);
  } finally {
    await file.close();
  }
}

async function readThrough(
  file: FileHandle,
  content: FileContent,
  size: number,
  chunkerFor: () => Chunker,
  take: (piece: Piece) => Promise<void>,
): Promise<number> {
  const chunker = chunkerFor();
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

/** Reads what is there and leaves out the holes; a file system that knows of none says that all is data. */
async function readData(
  file: FileHandle,
  _content: FileContent,
  size: number,
  chunkerFor: () => Chunker,
  take: (piece: Piece) => Promise<void>,
): Promise<number> {
  for (const [start, end] of stretchesOf(file.fd, size)) {
    const chunker = chunkerFor();
    const shifted = (piece: Piece): Promise<void> => take({ ...piece, offset: piece.offset + start });
    for (let at = start; at < end;) {
      const room = chunker.room(end - at);
      const { bytesRead } = await file.read(room, 0, Math.min(room.length, end - at), at);
      // It was cut off meanwhile: the size afterwards tells.
      if (bytesRead === 0) return at;
      at += bytesRead;
      for (const piece of chunker.filled(bytesRead)) await shifted(piece);
    }
    for (const piece of chunker.finish()) await shifted(piece);
  }
  return size;
}

/** Start and end of each stretch of data; one that follows after a hole too small to pay goes on with the one before. */
function* stretchesOf(file: number, size: number): Generator<[number, number]> {
  const calls = systemCalls() as SystemCalls;
  let start = calls.nextData(file, 0);
  while (start !== undefined && start < size) {
    let end = calls.nextHole(file, start);
    let next = calls.nextData(file, end);
    while (next !== undefined && next - end < holeBytesMin) {
      end = calls.nextHole(file, next);
      next = calls.nextData(file, end);
    }
    yield [start, Math.min(end, size)];
    start = next;
  }
}

async function openSource({ path, noFollow }: FileContent): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK a pipe that took the place of the file would hang the backup for ever.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (noFollow === true ? constants.O_NOFOLLOW : 0);
    return await open(systemPath(path), flags);
  } catch (error) {
    if (gone.has(systemCodeOf(error) ?? '')) {
      throw new LifeboatError('asset.vanished', `${shownName(path)} went away before it could be read`, {
        where: shownName(path),
        hint: 'Run the backup again; exclude the path if such files come and go.',
        cause: error,
      });
    }
    throw unreadable(path, messageOf(error), error);
  }
}

/** `ELOOP`: a link has taken its place, which may lead anywhere. */
const gone: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** A file that was removed or renamed after it was read whole has changed its `ctime`, but not what was read. */
function changed(before: BigIntStats, after: BigIntStats, bytes: number, content: FileContent): boolean {
  const capped = content.bytes !== undefined && before.size > BigInt(content.bytes);
  const short = bytes !== (capped ? content.bytes : Number(before.size));
  if (before.size !== after.size || before.mtimeNs !== after.mtimeNs || short) return true;
  return before.ctimeNs !== after.ctimeNs && after.nlink > 0n;
}

const unreadable = (path: string, why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('asset.unreadable', `${shownName(path)} cannot be read: ${why}`, {
    where: shownName(path),
    hint: 'Check its permissions and the disk, or exclude it.',
    cause,
  });
