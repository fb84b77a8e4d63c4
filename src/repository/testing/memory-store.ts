import { LifeboatError } from '../../core/index.ts';
import type { GetOptions, PutOptions, Store, StoredObject } from '../../stores/index.ts';

/** A store in memory, for tests of the repository alone: objects can be looked at and changed from outside. */
export class MemoryStore implements Store {
  readonly location = 'memory';
  readonly atomicCreate = true;
  readonly objects: Map<string, Buffer> = new Objects();
  /** Called before every operation; a throw makes it fail. */
  before: (operation: string, name: string) => void = () => {};
  readonly calls: { operation: string; name: string }[] = [];

  async put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    this.#call('put', name);
    if (options.ifAbsent === true && this.objects.has(name)) {
      throw new LifeboatError('store.exists', `${name} is already there`, { where: name });
    }
    this.objects.set(name, Buffer.concat(parts));
  }

  async get(name: string, options: GetOptions = {}): Promise<Buffer> {
    this.#call('get', name);
    const object = this.objects.get(name);
    if (object === undefined) throw new LifeboatError('store.missing', `${name} is not there`, { where: name });
    const { range } = options;
    return Buffer.from(range === undefined ? object : object.subarray(range.offset, range.offset + range.length));
  }

  async stat(name: string): Promise<StoredObject | undefined> {
    this.#call('stat', name);
    const object = this.objects.get(name);
    return object && { name, bytes: object.length };
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    this.#call('list', prefix);
    // As they are now: what comes or goes while somebody lists is not their business. A copy of all of them would be most of a long test's work.
    const held: StoredObject[] = [];
    const among = (this.objects as Objects).below(prefix);
    for (const [name, { length }] of among) if (name.startsWith(prefix)) held.push({ name, bytes: length });
    yield* held;
  }

  async remove(name: string): Promise<void> {
    this.#call('remove', name);
    this.objects.delete(name);
  }

  async close(): Promise<void> {}

  /** The same objects behind another handle. */
  twin(): MemoryStore {
    const twin = new MemoryStore();
    for (const [name, object] of this.objects) twin.objects.set(name, Buffer.from(object));
    return twin;
  }

  #call(operation: string, name: string): void {
    this.calls.push({ operation, name });
    this.before(operation, name);
  }
}

/** Knows what is in each folder: a simulated year lists them a hundred thousand times. */
class Objects extends Map<string, Buffer> {
  readonly #folders = new Map<string, Map<string, Buffer>>();

  /** No fewer than those whose names begin so. */
  below(prefix: string): Iterable<[string, Buffer]> {
    return prefix.includes('/') ? (this.#folders.get(folderOf(prefix)) ?? []) : this;
  }

  override set(name: string, bytes: Buffer): this {
    const folder = this.#folders.get(folderOf(name)) ?? new Map<string, Buffer>();
    this.#folders.set(folderOf(name), folder.set(name, bytes));
    return super.set(name, bytes);
  }

  override delete(name: string): boolean {
    this.#folders.get(folderOf(name))?.delete(name);
    return super.delete(name);
  }

  override clear(): void {
    this.#folders.clear();
    super.clear();
  }
}

const folderOf = (name: string): string => name.slice(0, name.indexOf('/') + 1);
