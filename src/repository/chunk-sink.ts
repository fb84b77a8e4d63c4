import { limits, type Progress } from '../core/index.ts';
import { chunkIdNow } from './chunk-codec.ts';
import type { KeyBundle } from './keys.ts';
import { PackBuilder, type BuiltPack } from './pack-builder.ts';
import type { IndexedPack } from './pack-format.ts';
import type { PackWriter } from './pack-writer.ts';
import { KnownIds, poolFor, SealSession } from './pool/index.ts';
import { Budget } from './tasks.ts';

/** What is in the store already. */
export interface StoredIds {
  has(id: Buffer): boolean;
  /** How many there may be, and each of them. */
  readonly size: number;
  all(): Iterable<Uint8Array>;
}

export interface PlainChunk {
  readonly plain: Buffer;
  /** Called once when the bytes are no longer needed. */
  readonly release: () => void;
}

/**
 * Takes plain chunks, finds out which are new, and has those packed: the first of them, and the small ones, at once; all
 * others in threads. At most `limits.chunkBytesInFlight` are under way.
 */
export class ChunkSink {
  readonly #bundle: KeyBundle;
  readonly #packs: PackWriter;
  readonly #stored: StoredIds;
  readonly #progress: Progress | undefined;
  readonly #builder: PackBuilder;
  readonly #budget = new Budget(limits.chunkBytesInFlight);
  readonly #running = new Set<Promise<unknown>>();
  /** Chunks of this session, by id, until threads share a set of all that is known. */
  #own = new Set<string>();
  #known: KnownIds | undefined;
  #session: SealSession | undefined;
  #bytes = 0;
  #error: unknown;

  constructor(bundle: KeyBundle, packs: PackWriter, stored: StoredIds, progress?: Progress) {
    this.#bundle = bundle;
    this.#packs = packs;
    this.#stored = stored;
    this.#progress = progress;
    this.#builder = new PackBuilder(bundle);
  }

  /** Returns as soon as there is room for the chunk; its id comes when it is hashed. Throws what went wrong with any chunk before. */
  async submit(chunk: PlainChunk): Promise<{ id: Promise<Buffer> }> {
    const bytes = chunk.plain.length;
    await this.#packs.room();
    await this.#budget.enter(bytes);
    if (this.#error !== undefined) {
      this.#budget.leave(bytes);
      throw this.#error;
    }
    const id = this.#take(chunk.plain);
    const task: Promise<unknown> = id
      .then(
        () => this.#progress?.advance({ bytes }),
        (error: unknown) => void (this.#error ??= error),
      )
      .finally(() => {
        chunk.release();
        this.#running.delete(task);
        this.#budget.leave(bytes);
      });
    this.#running.add(task);
    return { id };
  }

  /** Waits for all chunks; returns the packs that were written. Throws the first error. */
  async finish(): Promise<IndexedPack[]> {
    await this.#allTaken();
    if (this.#error !== undefined) throw this.#error;
    await this.#session?.finish();
    this.#session = undefined;
    this.#storeOwn(this.#builder.finish());
    return this.#packs.finish();
  }

  /** Waits for what is under way, however it ends; nothing more is begun. */
  async settle(): Promise<void> {
    await this.#allTaken();
    this.#session?.end();
    this.#session = undefined;
    await this.#packs.settle();
  }

  async #allTaken(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #take(plain: Buffer): Promise<Buffer> {
    this.#bytes += plain.length;
    const session = plain.buffer instanceof SharedArrayBuffer ? this.#threads() : undefined;
    if (session !== undefined) return (await session.seal(plain)).id;
    const id = chunkIdNow(this.#bundle.chunkIdKey, plain);
    if (this.#claim(id)) this.#storeOwn(this.#builder.add(id, plain));
    return id;
  }

  #storeOwn(pack: BuiltPack | undefined): void {
    if (pack !== undefined) this.#packs.add(pack, () => this.#builder.recycle(pack.memory));
  }

  #claim(id: Buffer): boolean {
    if (this.#known !== undefined) return this.#known.claim(id);
    const key = id.toString('latin1');
    if (this.#own.has(key) || this.#stored.has(id)) return false;
    this.#own.add(key);
    return true;
  }

  #threads(): SealSession | undefined {
    if (this.#session !== undefined) return this.#session;
    const pool = poolFor(this.#bytes);
    if (pool === undefined) return undefined;
    this.#known = new KnownIds(this.#stored.size + this.#own.size);
    for (const id of this.#stored.all()) this.#known.claim(id);
    for (const key of this.#own) this.#known.claim(Buffer.from(key, 'latin1'));
    this.#own = new Set();
    this.#session = new SealSession(pool, this.#bundle, this.#known, (pack, recycle) => this.#packs.add(pack, recycle));
    return this.#session;
  }
}
