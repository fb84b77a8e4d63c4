import { limits } from '../../core/index.ts';
import { ownBuffers, type Slot } from '../pool/index.ts';
import { Gear } from './cut/gear.ts';

/** The length of the chunk that starts at `start`; 0 if that cannot be told before more bytes than `end` are there. */
export type Cut = (bytes: Uint8Array, start: number, end: number, ended: boolean) => number;

export const contentChunkBytesMin = 256 * 2 ** 10;
const contentChunkBytesNormal = 768 * 2 ** 10;
/** Before the normal size a cut needs 21 zero bits, after it 18: sizes gather around 1 MiB. */
const maskBefore = ~0 << (32 - 21);
const maskAfter = ~0 << (32 - 18);
/** A bit of the hash forgets a byte after 32 shifts. */
const window = 32;

/** Pieces of one size, each starting at a multiple of it: pages of a database stay where they are. */
export const fixedCut: Cut = (_, start, end, ended) => {
  const length = Math.min(end - start, limits.fixedChunkBytes);
  return length === limits.fixedChunkBytes || ended ? length : 0;
};

/** Cuts that depend on the content and the key alone: what was moved inside a file, or to another, is found again. */
export function contentCut(table: Uint32Array): Cut {
  let gear: Gear | undefined;
  return (bytes, start, end, ended) => {
    gear ??= new Gear(table);
    const most = Math.min(end, start + limits.chunkBytesMax);
    const least = Math.min(most, start + contentChunkBytesMin);
    const normal = Math.min(most, start + contentChunkBytesNormal);
    gear.reset();
    // Before the least size nothing is cut: these bytes are only hashed, to the last of them even if the hash is zero on the way.
    for (let at = Math.max(start, least - window); at < least;) at = gear.find(bytes, at, least, ~0) || least;
    const cut = gear.find(bytes, least, normal, maskBefore) || gear.find(bytes, normal, most, maskAfter);
    if (cut !== 0) return cut - start;
    return ended || most - start === limits.chunkBytesMax ? most - start : 0;
  };
}

export interface Piece {
  readonly offset: number;
  readonly plain: Buffer;
  /** To be called when the bytes are no longer needed: their memory is then used again. */
  readonly release: () => void;
}

/** Room for the largest chunk: chunks are a quarter of that as a rule, so that little has to be moved to the next buffer. */
const bufferBytesOf = (cut: Cut): number => (cut === fixedCut ? 4 * limits.fixedChunkBytes : limits.chunkBytesMax);

/** Cuts a stream of bytes of any slicing into chunks. Each piece stays valid until it is released. */
export class Chunker {
  readonly #cut: Cut;
  readonly #buffers: { take(bytes: number): Slot };
  #slot: Slot | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #offset = 0;

  constructor(cut: Cut, buffers: { take(bytes: number): Slot } = ownBuffers) {
    this.#cut = cut;
    this.#buffers = buffers;
  }

  *push(bytes: Uint8Array): Generator<Piece> {
    for (let at = 0; at < bytes.length;) {
      const room = this.room(bytes.length - at);
      const taken = Math.min(room.length, bytes.length - at);
      room.set(bytes.subarray(at, at + taken));
      at += taken;
      yield* this.filled(taken);
    }
  }

  /** Where the next bytes may be read to directly, at least one; `filled` then says how many came. */
  room(hint: number): Buffer {
    if (this.#end === this.#buffer.length) {
      const rest = this.#buffer.subarray(this.#start, this.#end);
      const wanted = rest.length + Math.max(1, hint);
      // Twice the last one: a long stream of small slices ends up with few, large buffers.
      const slot = this.#buffers.take(Math.min(bufferBytesOf(this.#cut), Math.max(wanted, this.#buffer.length * 2)));
      rest.copy(slot.bytes);
      this.#slot?.release();
      this.#slot = slot;
      this.#buffer = slot.bytes;
      this.#start = 0;
      this.#end = rest.length;
    }
    return this.#buffer.subarray(this.#end);
  }

  *filled(count: number): Generator<Piece> {
    this.#end += count;
    yield* this.#pieces(false);
  }

  *finish(): Generator<Piece> {
    yield* this.#pieces(true);
    this.#slot?.release();
    this.#slot = undefined;
    this.#buffer = Buffer.alloc(0);
  }

  *#pieces(ended: boolean): Generator<Piece> {
    while (this.#start < this.#end) {
      // Trying again after every small slice would look at the same bytes over and over.
      if (!ended && this.#end < this.#buffer.length && this.#end - this.#start < limits.chunkBytesMax) return;
      const length = this.#cut(this.#buffer, this.#start, this.#end, ended);
      if (length === 0) return;
      const slot = this.#slot as Slot;
      slot.hold();
      const plain = this.#buffer.subarray(this.#start, this.#start + length);
      yield { offset: this.#offset, plain, release: () => slot.release() };
      this.#start += length;
      this.#offset += length;
    }
  }
}

const zeros = Buffer.alloc(limits.chunkBytesMax);

/** Zeros need no chunk: a piece that is left out reads as zeros. */
export const isZeros = (plain: Buffer): boolean =>
  plain[0] === 0 && plain[plain.length - 1] === 0 && zeros.compare(plain, 0, plain.length, 0, plain.length) === 0;
