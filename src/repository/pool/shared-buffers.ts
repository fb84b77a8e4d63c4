import { limits } from '../../core/index.ts';

/** Memory that pieces are cut from; it is used again when the last holder has released it. */
export interface Slot {
  readonly bytes: Buffer;
  hold(): void;
  release(): void;
}

const slotBytesMin = 64 * 2 ** 10;

/** Buffers that threads see without copying. Fresh shared memory costs a page fault every 4 KiB, so they are kept. */
export class SharedBuffers {
  readonly #free = new Map<number, Buffer[]>();
  #freeBytes = 0;

  /** At least so many bytes. What is too small to be worth a thread is ordinary memory. */
  take(bytes: number): Slot {
    if (bytes < limits.threadedChunkBytesMin) return new CountedSlot(Buffer.allocUnsafeSlow(bytes), () => {});
    let size = slotBytesMin;
    while (size < bytes) size *= 2;
    const kept = this.#free.get(size)?.pop();
    if (kept !== undefined) this.#freeBytes -= size;
    return new CountedSlot(kept ?? Buffer.from(new SharedArrayBuffer(size)), (buffer) => this.#keep(buffer));
  }

  #keep(buffer: Buffer): void {
    if (this.#freeBytes + buffer.length > limits.spareBufferBytesMax) return;
    this.#freeBytes += buffer.length;
    const list = this.#free.get(buffer.length);
    if (list === undefined) this.#free.set(buffer.length, [buffer]);
    else list.push(buffer);
  }
}

/** Memory of its own for each piece, left to the garbage collector. */
export const ownBuffers = {
  take: (bytes: number): Slot => new CountedSlot(Buffer.allocUnsafeSlow(bytes), () => {}),
};

class CountedSlot implements Slot {
  readonly bytes: Buffer;
  readonly #ended: (bytes: Buffer) => void;
  #holders = 1;

  constructor(bytes: Buffer, ended: (bytes: Buffer) => void) {
    this.bytes = bytes;
    this.#ended = ended;
  }

  hold(): void {
    this.#holders += 1;
  }

  release(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#ended(this.bytes);
  }
}
