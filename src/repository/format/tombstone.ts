import { isLifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { pointName } from '../names.ts';
import { encodePlain } from './twins.ts';

/**
 * Takes the name of a point, so that its writer can make it no more. False if the name was taken: the point is there, or
 * somebody claimed it before. Needs no key.
 */
export async function claimPoint(store: Store, id: string, by: string): Promise<boolean> {
  try {
    await store.put(pointName(id), [encodePlain({ lifeboat: 'evicted', format: 1, id, by })], { ifAbsent: true });
    return true;
  } catch (error) {
    if (isLifeboatError(error, 'store.exists')) return false;
    throw error;
  }
}

/** Whether an object among the points only keeps its name taken. A claim that was harmed looks like a damaged point: the safe side. */
export function isTombstone(bytes: Buffer, id: string): boolean {
  const end = bytes.indexOf(0x0a) + 1;
  if (bytes[0] !== 0x7b || end === 0) return false;
  const line = bytes.subarray(0, end).toString('utf8');
  if (!line.startsWith(`{"lifeboat":"evicted","format":1,"id":"${id}",`)) return false;
  try {
    return encodePlain(JSON.parse(line)).equals(bytes);
  } catch {
    // Not JSON: no claim of ours.
    return false;
  }
}
