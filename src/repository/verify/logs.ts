import { isLifeboatError, type Progress } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { damageFrom, isDamage } from '../damage.ts';
import { verifyLogObject } from '../logs/index.ts';
import { logObjectOfName } from '../names.ts';
import type { VerifyOptions } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import type { Others } from './others.ts';

/** The objects of these logs, or of all, as the store lists them. */
export async function listLogs(store: Store, logs: ReadonlySet<string> | undefined): Promise<StoredObject[]> {
  const objects = await Array.fromAsync(store.list('logs/'));
  return objects.filter(({ name }) => {
    const log = logObjectOfName(name)?.log;
    return log !== undefined && logs?.has(log) !== false;
  });
}

interface Reading extends Others {
  readonly onPack: VerifyOptions['onPack'];
  readonly progress: Progress;
  readonly atOnce: number;
}

/** Reads them, every byte. No point rests on one: what moments are lost with it only the log as a whole tells. */
export function readLogs(objects: readonly StoredObject[], reading: Reading): Promise<void> {
  const { store, bundle, checked, note, requireGoing, onPack, progress, atOnce } = reading;
  return forEachOf(objects, atOnce, async (object) => {
    requireGoing();
    const { name: id, bytes } = object;
    checked.objects += 1;
    checked.bytes += bytes;
    try {
      checked.plainBytes += await verifyLogObject(store, bundle, object);
      onPack?.({ id, bytes, sound: true });
    } catch (error) {
      // In its place a whole segment came; or it must thaw first, and nothing is known of it.
      if (isLifeboatError(error, 'store.missing') || isLifeboatError(error, 'store.frozen')) return;
      if (!isDamage(error)) throw error;
      note(damageFrom(error, id, 'log'));
      onPack?.({ id, bytes, sound: false });
    }
    progress.advance({ bytes });
  });
}
