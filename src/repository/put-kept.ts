import { isLifeboatError, LifeboatError } from '../core/index.ts';
import type { Store } from '../stores/index.ts';

/** A store that once kept something else than it was given is given it again; twice is no accident. */
const attemptsMax = 2;

/**
 * Puts an object that must be whole though nobody may read it for long, and reads it back. An object of this name with the very same bytes is ours,
 * repeated. Throws `store.exists` for others, and `repository.damaged` when the store did not keep it as it was written: then nothing is left of it.
 */
export async function putKept(store: Store, name: string, bytes: Buffer): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await store.put(name, [bytes], { ifAbsent: true });
    } catch (error) {
      if (!isLifeboatError(error, 'store.exists')) throw error;
      if (!(await store.get(name)).equals(bytes)) throw error;
    }
    if ((await store.get(name)).equals(bytes)) return;
    // What is there now is nothing that anybody wrote, and only we know of it.
    await store.remove(name);
    if (attempt === attemptsMax) {
      throw new LifeboatError('repository.damaged', 'the store did not keep the object as it was written', {
        where: name,
        hint: 'Look after its disk or bucket, then do it again.',
      });
    }
  }
}
