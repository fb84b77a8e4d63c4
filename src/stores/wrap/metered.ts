import type { GetOptions, PutOptions, Store, StoredObject } from '../store.ts';
import { abilitiesOf } from './abilities.ts';
import type { StoreOperation } from './operation.ts';

export interface Meter {
  /** How often each operation was asked for, failed ones included. */
  readonly calls: Readonly<Record<StoreOperation, number>>;
  readonly failures: number;
  /** Bytes of objects that were written and read whole; a failed call counts none. */
  readonly bytesWritten: number;
  readonly bytesRead: number;
}

export interface MeteredStore extends Store {
  /** The figures of this moment; a copy. */
  meter(): Meter;
}

/** Counts what is asked of a store: what its requests will cost, and how much went through. */
export function metered(store: Store): MeteredStore {
  const calls: Record<StoreOperation, number> = { put: 0, get: 0, stat: 0, list: 0, remove: 0 };
  const totals = { failures: 0, bytesWritten: 0, bytesRead: 0 };
  const count = async <T>(operation: StoreOperation, work: () => Promise<T>): Promise<T> => {
    calls[operation] += 1;
    try {
      return await work();
    } catch (error) {
      totals.failures += 1;
      throw error;
    }
  };
  return {
    ...abilitiesOf(store, (work) => work()),
    location: store.location,
    atomicCreate: store.atomicCreate,
    meter: () => ({ calls: { ...calls }, ...totals }),
    put: (name: string, parts: readonly Uint8Array[], options?: PutOptions) =>
      count('put', async () => {
        await store.put(name, parts, options);
        totals.bytesWritten += parts.reduce((total, part) => total + part.length, 0);
      }),
    get: (name: string, options?: GetOptions) =>
      count('get', async () => {
        const found = await store.get(name, options);
        totals.bytesRead += found.length;
        return found;
      }),
    stat: (name: string) => count('stat', () => store.stat(name)),
    list: async function* (prefix: string): AsyncIterable<StoredObject> {
      calls.list += 1;
      try {
        yield* store.list(prefix);
      } catch (error) {
        totals.failures += 1;
        throw error;
      }
    },
    remove: (name: string) => count('remove', () => store.remove(name)),
    close: () => store.close(),
  };
}
