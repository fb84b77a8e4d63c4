import { limits } from '../../core/index.ts';
import type { PlainChunk } from './chunk-sink.ts';
import type { ComingPiece } from './coming-piece.ts';
import type { Slot } from '../pool/index.ts';

/** The chance of a cut behind a file grows with the file: so many bytes lie between two cuts, beyond the least, on average. */
const bytesBetweenCuts = limits.bundleBytesMin;
/** The end of a file that speaks for it. */
const tailBytes = 32;

/** Several bundles stand in one stretch of memory: most are a third of the largest, and room for that would be held for each. */
const slotBytes = limits.chunkBytesMax;

interface OpenBundle {
  readonly slot: Slot;
  readonly start: number;
  end: number;
  entries: number;
  readonly id: PromiseWithResolvers<Buffer>;
}

/**
 * Small files that follow each other share a chunk: sealing each alone costs more than reading it, and text packs badly in pieces.
 * A bundle ends behind a file where a keyed hash of that file's end and length says so, so that the same files, elsewhere or
 * later, come into the same bundles and are known again.
 */
export class Bundler {
  readonly #gear: Uint32Array;
  readonly #buffers: { take(bytes: number): Slot };
  readonly #submit: (chunk: PlainChunk) => Promise<{ id: Promise<Buffer> }>;
  #open: OpenBundle | undefined;
  /** Where the next bundle begins, and whose bytes stand before it. */
  #slot: Slot | undefined;
  #next = 0;

  constructor(
    gear: Uint32Array,
    buffers: { take(bytes: number): Slot },
    submit: (chunk: PlainChunk) => Promise<{ id: Promise<Buffer> }>,
  ) {
    this.#gear = gear;
    this.#buffers = buffers;
    this.#submit = submit;
  }

  /** Room for the bytes of a file of at most `limits.bundledFileBytesMax`, and one more. */
  room(): Buffer {
    const { slot, end } = this.#opened();
    return slot.bytes.subarray(end, end + limits.bundledFileBytesMax + 1);
  }

  /** What was put into `room` is the content of a file. Returns once there is room for more. */
  async take(bytes: number): Promise<ComingPiece> {
    const open = this.#opened();
    const from = open.end;
    const { promise: id } = open.id;
    open.end += bytes;
    const length = open.end - open.start;
    const full = length + limits.bundledFileBytesMax + 1 > limits.bundleBytesMax;
    if (full || (length >= limits.bundleBytesMin && this.#cutsBehind(open.slot.bytes, from, open.end)))
      await this.close();
    return { offset: 0, bytes, id, from: from - open.start };
  }

  /** One more entry, of whatever kind, was met: lines of the list wait for the bundle, so that only so many may. */
  async count(): Promise<void> {
    if (this.#open === undefined) return;
    this.#open.entries += 1;
    if (this.#open.entries >= limits.bundleEntriesMax) await this.close();
  }

  /** Ends the open bundle, if there is one. Throws what went wrong with any chunk before. */
  async close(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#next = open.end;
    // Of empty files, and of those that were not what they seemed, nothing came into it.
    if (open.end === open.start) return open.slot.release();
    try {
      const { id } = await this.#submit({
        plain: open.slot.bytes.subarray(open.start, open.end),
        release: () => open.slot.release(),
      });
      id.then(open.id.resolve, open.id.reject);
    } catch (error) {
      open.id.reject(error);
      throw error;
    }
  }

  #opened(): OpenBundle {
    if (this.#open !== undefined) return this.#open;
    const id = Promise.withResolvers<Buffer>();
    id.promise.catch(() => {}); // the sink throws it to the next who submits
    const slot = this.#slotWithRoom();
    slot.hold();
    this.#open = { slot, start: this.#next, end: this.#next, entries: 0, id };
    return this.#open;
  }

  #slotWithRoom(): Slot {
    if (this.#slot !== undefined && this.#next + limits.bundleBytesMax <= slotBytes) return this.#slot;
    this.#slot?.release();
    this.#next = 0;
    this.#slot = this.#buffers.take(slotBytes);
    return this.#slot;
  }

  #cutsBehind(bytes: Buffer, from: number, end: number): boolean {
    let hash = end - from;
    for (let at = Math.max(from, end - tailBytes); at < end; at += 1)
      hash = ((hash << 1) + (this.#gear[bytes[at] as number] as number)) | 0;
    // Files often end alike: their lengths shall tell them apart in the upper bits, too.
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
    return mixed < (2 ** 32 / bytesBetweenCuts) * (end - from);
  }
}
