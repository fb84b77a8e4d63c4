import type { Clock } from '../../core/index.ts';
import type { GetOptions, PutOptions, Store, StoredObject } from '../store.ts';
import { abilitiesOf } from './abilities.ts';

export interface LimitOptions {
  readonly clock: Clock;
  /** Of objects' bytes, in and out together, over any longer time. */
  readonly bytesPerSecond: number;
}

/**
 * Lets no more bytes of objects pass than a line or a disk can spare. An operation waits until what passed before it is paid for, so that a
 * large object is followed by a long pause; a stop on request ends the wait.
 */
export function limited(store: Store, { clock, bytesPerSecond }: LimitOptions): Store {
  /** The moment of `clock.elapsed` at which everything that passed is paid for. */
  let paidMs = -Infinity;
  const wait = async (signal: AbortSignal | undefined): Promise<void> => {
    for (let dueMs = paidMs - clock.elapsed(); dueMs > 0; dueMs = paidMs - clock.elapsed())
      await clock.sleep(dueMs, signal);
  };
  const charge = (bytes: number): void => {
    paidMs = Math.max(paidMs, clock.elapsed()) + (bytes / bytesPerSecond) * 1000;
  };
  return {
    ...abilitiesOf(store, (work) => work()),
    location: store.location,
    atomicCreate: store.atomicCreate,
    put: async (name: string, parts: readonly Uint8Array[], options?: PutOptions) => {
      await wait(options?.signal);
      charge(parts.reduce((total, part) => total + part.length, 0));
      await store.put(name, parts, options);
    },
    get: async (name: string, options?: GetOptions) => {
      await wait(options?.signal);
      const found = await store.get(name, options);
      charge(found.length);
      return found;
    },
    stat: (name: string) => store.stat(name),
    list: (prefix: string): AsyncIterable<StoredObject> => store.list(prefix),
    remove: (name: string) => store.remove(name),
    close: () => store.close(),
  };
}
