import { limits } from '../../../core/index.ts';
import type { SharedBuffers, Slot } from '../../pool/index.ts';
import type { PlainChunk } from '../chunk-sink.ts';
import type { ComingPiece } from '../coming-piece.ts';

/** Changed pages from all over a file share chunks: they pack as well together as they did where they stand. */
export class PageBundle {
  readonly #buffers: SharedBuffers;
  readonly #submit: (chunk: PlainChunk) => Promise<{ id: Promise<Buffer> }>;
  #open: { readonly slot: Slot; readonly id: PromiseWithResolvers<Buffer>; end: number } | undefined;

  constructor(buffers: SharedBuffers, submit: (chunk: PlainChunk) => Promise<{ id: Promise<Buffer> }>) {
    this.#buffers = buffers;
    this.#submit = submit;
  }

  /** Copies as many of the bytes, from their start on, as the open chunk has room for: at least one. Where they stand in the file, the caller knows. */
  async take(bytes: Buffer): Promise<Omit<ComingPiece, 'offset'> & { bytes: number }> {
    const open = (this.#open ??= this.#begun());
    const from = open.end;
    const taken = bytes.copy(open.slot.bytes, from, 0, Math.min(bytes.length, limits.fixedChunkBytes - from));
    open.end += taken;
    if (open.end === limits.fixedChunkBytes) await this.close();
    return { bytes: taken, id: open.id.promise, from };
  }

  /** Ends the open chunk, if there is one. Throws what went wrong with any chunk before. */
  async close(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    try {
      const plain = open.slot.bytes.subarray(0, open.end);
      const { id } = await this.#submit({ plain, release: () => open.slot.release() });
      id.then(open.id.resolve, open.id.reject);
    } catch (error) {
      open.id.reject(error);
      throw error;
    }
  }

  #begun(): { slot: Slot; id: PromiseWithResolvers<Buffer>; end: number } {
    const id = Promise.withResolvers<Buffer>();
    id.promise.catch(() => {}); // the sink throws it to the next who submits
    return { slot: this.#buffers.take(limits.fixedChunkBytes), id, end: 0 };
  }
}
