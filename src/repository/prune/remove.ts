import { isLifeboatError, limits, type Progress } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { forEachOf } from '../tasks.ts';
import type { PruneResult } from './prune-contract.ts';

export interface RemoveOf {
  readonly store: Store;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/** Removes objects; what the store keeps (a lock, a hold) is no failure. Returns what is kept, with the reason that the store gave. */
export async function removeObjects(
  { store, signal, progress }: RemoveOf,
  objects: readonly { readonly name: string; readonly bytes: number }[],
): Promise<PruneResult['retained'][number][]> {
  const retained: PruneResult['retained'][number][] = [];
  await forEachOf(objects, limits.objectsRemovedAtOnce, async ({ name, bytes }) => {
    signal?.throwIfAborted();
    try {
      await store.remove(name);
    } catch (error) {
      if (!isLifeboatError(error, 'store.denied')) throw error;
      retained.push({ object: name, bytes, reason: error.message });
    }
    progress?.advance({ bytes, items: 1 });
  });
  return retained;
}
