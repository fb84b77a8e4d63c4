import { limits } from '../../../core/index.ts';

/**
 * Makes pieces as they are stored of what arrives of a file in slices of any size. It is copied once: the buffer of the connection is used
 * again as soon as `push` returns. Not into shared memory: there V8 copies byte by byte what does not stand alike in both places.
 */
export class Gathering {
  readonly #take: (piece: Buffer) => void;
  #memory: Buffer | undefined;
  #filled = 0;

  constructor(take: (piece: Buffer) => void) {
    this.#take = take;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      this.#memory ??= Buffer.allocUnsafeSlow(limits.fixedChunkBytes);
      const copied = bytes.copy(this.#memory, this.#filled, at);
      at += copied;
      this.#filled += copied;
      if (this.#filled === limits.fixedChunkBytes) this.flush();
    }
  }

  /** At the end of a file: what was gathered is a piece. */
  flush(): void {
    if (this.#memory === undefined || this.#filled === 0) return;
    const gathered = this.#memory.subarray(0, this.#filled);
    this.#filled = 0;
    if (gathered.length > limits.fixedChunkBytes / 2) {
      this.#memory = undefined;
      return this.#take(gathered);
    }
    // A small file gets memory of its size: half a megabyte for each of ten thousand would be gigabytes.
    const piece = Buffer.allocUnsafeSlow(gathered.length);
    gathered.copy(piece);
    this.#take(piece);
  }
}
