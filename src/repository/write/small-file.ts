import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Entry } from '../../assets/index.ts';
import { systemPath } from '../../core/index.ts';

/** A file that is small when it was looked at, and is read at once. */
export type SmallEntry = Entry & { content: { kind: 'file'; path: string }; bytesExpected: number };

const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

/**
 * Reads the whole file into `room`, which has at least one byte more than the file, in this thread: a trip through the thread pool
 * takes longer than the reading. False if the file is not what it was when it was looked at, or cannot be read: then whoever reads
 * files with more patience finds out what happened.
 */
export function readSmallNow(entry: SmallEntry, room: Buffer): boolean {
  let file: number | undefined;
  try {
    file = openSync(systemPath(entry.content.path), flags);
    const bytes = readSync(file, room, 0, entry.bytesExpected + 1, 0);
    return bytes === entry.bytesExpected && isAsSeen(entry, fstatSync(file, { bigint: true }));
  } catch {
    // As said above: the reader with more patience meets the same error and tells it.
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The same through the thread pool, for file systems that take their time; its bytes, or undefined. */
export async function readSmallLater(entry: SmallEntry): Promise<Buffer | undefined> {
  try {
    const file = await open(systemPath(entry.content.path), flags);
    try {
      const room = Buffer.allocUnsafe(entry.bytesExpected + 1);
      const { bytesRead } = await file.read(room, 0, room.length, 0);
      const good = bytesRead === entry.bytesExpected && isAsSeen(entry, await file.stat({ bigint: true }));
      return good ? room.subarray(0, bytesRead) : undefined;
    } finally {
      await file.close();
    }
  } catch {
    // As above.
    return undefined;
  }
}

const isAsSeen = (entry: SmallEntry, stats: BigIntStats): boolean =>
  stats.isFile() &&
  stats.size === BigInt(entry.bytesExpected) &&
  stats.mtimeNs === entry.modifiedNs &&
  stats.ctimeNs === entry.stamp?.changedNs &&
  (entry.stamp.inode === undefined || stats.ino === entry.stamp.inode);
