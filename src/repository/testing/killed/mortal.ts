import type { GetOptions, PutOptions, Store, StoredObject } from '../../../stores/index.ts';

/** A store whose process ends, as by `kill -9`, in front of one call to it; those that are under way then may or may not have happened. */
export class Mortal implements Store {
  readonly location: string;
  readonly atomicCreate: boolean;
  calls = 0;
  readonly #store: Store;
  readonly #last: number;

  constructor(store: Store, last: number) {
    this.location = store.location;
    this.atomicCreate = store.atomicCreate;
    this.#store = store;
    this.#last = last;
  }

  put(name: string, parts: readonly Uint8Array[], options?: PutOptions): Promise<void> {
    this.#call();
    return this.#store.put(name, parts, options);
  }

  get(name: string, options?: GetOptions): Promise<Buffer> {
    this.#call();
    return this.#store.get(name, options);
  }

  stat(name: string): Promise<StoredObject | undefined> {
    this.#call();
    return this.#store.stat(name);
  }

  list(prefix: string): AsyncIterable<StoredObject> {
    this.#call();
    return this.#store.list(prefix);
  }

  remove(name: string): Promise<void> {
    this.#call();
    return this.#store.remove(name);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #call(): void {
    this.calls += 1;
    if (this.calls >= this.#last) process.kill(process.pid, 'SIGKILL');
  }
}
