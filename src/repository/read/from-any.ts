import type { Store } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';

/** Reads an object and, where it is not as it was written, once more from each other store that holds it. Throws the first error. */
export async function fromAny<T>(store: Store, name: string, read: () => Promise<T>): Promise<T> {
  let first: unknown;
  for (;;) {
    try {
      return await read();
    } catch (error) {
      first ??= error;
      if (!isDamage(error) || store.doubt?.(name) !== true) throw first;
    }
  }
}
