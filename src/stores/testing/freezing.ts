import { LifeboatError } from '../../core/index.ts';
import type { GetOptions, PutOptions, Store, StoredObject, ThawState } from '../store.ts';

const hours = 5;

/**
 * A store with classes around one without, for what freezes: `glacier` must thaw before it is read, other classes are read at once. The state is
 * shared by all who open it with the same `classes`.
 */
export class FreezingStore implements Store {
  readonly location: string;
  readonly atomicCreate: boolean;
  readonly classes: Map<string, string>;
  readonly thawing: Set<string>;
  readonly thawed: Set<string>;
  /** When what is thawed freezes again; `thawed` ends no earlier by itself. */
  untilMs = Date.parse('2099-01-01');
  readonly #store: Store;

  constructor(store: Store, like?: FreezingStore) {
    this.#store = store;
    this.location = store.location;
    this.atomicCreate = store.atomicCreate;
    this.classes = like?.classes ?? new Map<string, string>();
    this.thawing = like?.thawing ?? new Set<string>();
    this.thawed = like?.thawed ?? new Set<string>();
  }

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    await this.#store.put(name, parts, options);
    this.#forget(name);
    if (options.storageClass !== undefined) this.classes.set(name, options.storageClass);
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    if (this.#isFrozen(name) && !this.thawed.has(name))
      throw new LifeboatError('store.frozen', `the object is frozen; thawing takes up to ${hours} h`, { where: name });
    return this.#store.get(name, options);
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    const found = await this.#store.stat(name);
    return found && this.#withClass(found);
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for await (const object of this.#store.list(prefix)) yield this.#withClass(object);
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
    this.#forget(name);
  }

  async thawState(name: string): Promise<ThawState> {
    if ((await this.#store.stat(name)) === undefined)
      throw new LifeboatError('store.missing', 'the object is not there', { where: name });
    const storageClass = this.classes.get(name) ?? 'standard';
    if (!this.#isFrozen(name)) return { state: 'readable' };
    if (this.thawed.has(name)) return { state: 'thawed', storageClass, untilMs: this.untilMs };
    return { state: this.thawing.has(name) ? 'thawing' : 'frozen', storageClass, hours };
  }

  async thaw(name: string): Promise<ThawState> {
    if ((await this.thawState(name)).state === 'frozen') this.thawing.add(name);
    return this.thawState(name);
  }

  async reclass(name: string, storageClass: string): Promise<void> {
    if (this.#isFrozen(name)) throw new LifeboatError('store.frozen', 'the object is frozen', { where: name });
    if (storageClass === 'nowhere') throw new LifeboatError('store.unfit', 'there is no such class', { where: name });
    this.classes.set(name, storageClass);
  }

  /** Ends the thaws that are under way. */
  finishThaws(): void {
    for (const name of this.thawing) this.thawed.add(name);
    this.thawing.clear();
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  #isFrozen(name: string): boolean {
    return this.classes.get(name) === 'glacier';
  }

  #forget(name: string): void {
    for (const known of [this.classes, this.thawing, this.thawed]) known.delete(name);
  }

  #withClass(object: StoredObject): StoredObject {
    const storageClass = this.classes.get(object.name);
    if (storageClass === undefined || storageClass === 'standard') return object;
    return { ...object, storageClass, ...(this.#isFrozen(object.name) ? { frozen: true as const } : {}) };
  }
}
