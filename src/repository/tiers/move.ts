import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import { classWord } from './coldness.ts';

/**
 * Moves one pack and asks what became of it. Returns the reason where the store keeps it as it is.
 * Throws `store.unfit` where it has no such class, `repository.damaged` where it is not as long as before.
 */
export async function movePack(
  store: Store,
  { name, bytes }: { name: string; bytes: number },
  storageClass: string,
): Promise<string | undefined> {
  const { reclass } = store;
  if (reclass === undefined)
    throw new LifeboatError('store.unfit', `${store.location} has no storage classes`, { where: name });
  try {
    await reclass.call(store, name, storageClass);
  } catch (error) {
    if (!isLifeboatError(error) || !['store.denied', 'store.frozen'].includes(error.code)) throw error;
    return error.message;
  }
  const found = await store.stat(name);
  if (found?.bytes !== bytes)
    throw damaged(
      name,
      `the store holds ${found?.bytes ?? 'none'} of its ${bytes} bytes since it moved to ${storageClass}`,
    );
  if (classWord(found.storageClass ?? 'standard') === classWord(storageClass)) return undefined;
  return `the store took no notice of the class ${storageClass}`;
}
