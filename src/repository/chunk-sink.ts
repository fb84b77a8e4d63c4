import type { Progress } from '../core/index.ts';
import { limits } from '../core/index.ts';
import { chunkIdOf } from './chunk-codec.ts';
import type { KeyBundle } from './keys.ts';
import type { PackWriter } from './pack-writer.ts';
import { Gate } from './tasks.ts';

/** Takes plain chunks, finds out which are new, and has those packed; at most `limits.chunksInFlight` at a time. */
export class ChunkSink {
  readonly #bundle: KeyBundle;
  readonly #packs: PackWriter;
  readonly #isStored: (id: Buffer) => boolean;
  readonly #progress: Progress | undefined;
  readonly #gate = new Gate(limits.chunksInFlight);
  readonly #running = new Set<Promise<unknown>>();
  /** Chunks of this session, by id: what is on its way counts as known. */
  readonly #own = new Set<string>();
  #error: unknown;

  constructor(bundle: KeyBundle, packs: PackWriter, isStored: (id: Buffer) => boolean, progress?: Progress) {
    this.#bundle = bundle;
    this.#packs = packs;
    this.#isStored = isStored;
    this.#progress = progress;
  }

  /** Returns as soon as there is room for the chunk; its id comes when it is hashed. Throws what went wrong with any chunk before. */
  async submit(plain: Buffer): Promise<{ id: Promise<Buffer> }> {
    await this.#gate.enter();
    if (this.#error !== undefined) {
      this.#gate.leave();
      throw this.#error;
    }
    const id = chunkIdOf(this.#bundle, plain);
    const task: Promise<unknown> = this.#take(id, plain)
      .catch((error: unknown) => void (this.#error ??= error))
      .finally(() => {
        this.#running.delete(task);
        this.#gate.leave();
      });
    this.#running.add(task);
    return { id };
  }

  /** Waits for all chunks. Throws the first error. */
  async finish(): Promise<void> {
    await this.settle();
    if (this.#error !== undefined) throw this.#error;
  }

  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #take(hashed: Promise<Buffer>, plain: Buffer): Promise<void> {
    const id = await hashed;
    const key = id.toString('latin1');
    if (!this.#own.has(key) && !this.#isStored(id)) {
      this.#own.add(key);
      await this.#packs.add(id, plain);
    }
    this.#progress?.advance({ bytes: plain.length });
  }
}
