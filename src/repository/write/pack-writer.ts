import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { BuiltPack } from './pack-builder.ts';
import { decodeRecords, type IndexedPack } from '../format/pack-format.ts';
import { PackLists } from './pack-lists.ts';

/** Stores complete packs in the background. */
export class PackWriter {
  readonly #store: Store;
  readonly #signal: AbortSignal | undefined;
  readonly #stores = new Set<Promise<void>>();
  readonly #done = new PackLists();
  #error: unknown;

  constructor(store: Store, signal?: AbortSignal) {
    this.#store = store;
    this.#signal = signal;
  }

  /** Waits while too many packs are being stored. Throws what went wrong with any before. */
  async room(): Promise<void> {
    while (this.#stores.size >= limits.packsInFlight) await Promise.race(this.#stores);
    if (this.#error !== undefined) throw this.#error;
  }

  /** `stored` is called when the pack's memory is no longer needed, however it ended. */
  add(pack: BuiltPack, stored: () => void): void {
    const task: Promise<void> = this.#storePack(pack)
      .catch((error: unknown) => void (this.#error ??= error))
      .finally(() => {
        this.#stores.delete(task);
        stored();
      });
    this.#stores.add(task);
  }

  /** Every pack, once all of them are durable. */
  async finish(): Promise<readonly IndexedPack[]> {
    await this.settle();
    if (this.#error !== undefined) throw this.#error;
    return this.#done.all;
  }

  /** Waits for what is being stored, however it ends. */
  async settle(): Promise<void> {
    while (this.#stores.size > 0) await Promise.allSettled(this.#stores);
  }

  async #storePack({ name, pack, records, memory }: BuiltPack): Promise<void> {
    const bytes = Buffer.from(memory, 0, pack.bytes);
    await this.#store.put(name, [bytes], this.#signal === undefined ? {} : { signal: this.#signal });
    const list = Buffer.from(records.buffer, records.byteOffset, records.length);
    const { chunks } = decodeRecords(list, 0, pack.bytes, name);
    this.#done.add({ ...pack, sha256: Buffer.from(pack.sha256) }, chunks);
  }
}
