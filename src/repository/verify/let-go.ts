import { isLifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { readPoint, type StoredPoint } from '../format/point-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { pointName } from '../names.ts';

/** A point that was chosen a while ago; undefined: it was let go since, by whoever may, and misses nothing. Throws what `readPoint` throws. */
export async function readIfThere(store: Store, bundle: KeyBundle, id: string): Promise<StoredPoint | undefined> {
  try {
    return await readPoint(store, bundle, id);
  } catch (error) {
    if (isLifeboatError(error, 'store.missing') || isLifeboatError(error, 'point.missing')) return undefined;
    throw error;
  }
}

/** Whether one of these points has gone: what was missing of it may have gone after it. */
export async function isOneGone(store: Store, ids: Iterable<string>): Promise<boolean> {
  for (const id of ids) if ((await store.stat(pointName(id))) === undefined) return true;
  return false;
}
