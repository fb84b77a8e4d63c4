import { statfs } from 'node:fs/promises';
import { formatBytes, isLifeboatError, messageOf, systemCodeOf, toLifeboatError } from '../../../core/index.ts';

/** What a server writes before it has replayed anything, beside the segments that it holds. */
const startBytes = 16 * 2 ** 20;
const segmentsHeld = 4;

/** Why a server on this folder should not be started now: there is so little room that it would end again. Undefined: there is enough, or nobody knows. */
export async function lackOfRoom(folder: string, segmentBytes: number): Promise<string | undefined> {
  let freeBytes: number;
  try {
    const { bavail, bsize } = await statfs(folder);
    freeBytes = bavail * bsize;
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error;
    return undefined;
  }
  if (freeBytes >= startBytes + segmentsHeld * segmentBytes) return undefined;
  return `its disk is full (${formatBytes(freeBytes)} free): it goes on when there is room`;
}

/** Whether a failure is one of room: by the system's own word, or by what a server wrote when it ended. */
export const isOfRoom = (error: unknown): boolean =>
  isLifeboatError(toLifeboatError(error), 'disk.full') ||
  /No space left on device|Disk quota exceeded/.test(messageOf(error));
