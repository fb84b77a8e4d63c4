/** A set of ordinals: a bit for each, however many there are. */
export class Bits {
  #bytes = new Uint8Array(1024);

  has(ordinal: number): boolean {
    return (((this.#bytes[ordinal >>> 3] ?? 0) >> (ordinal & 7)) & 1) === 1;
  }

  add(ordinal: number): void {
    const at = ordinal >>> 3;
    if (at >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(at + 1, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[at] = (this.#bytes[at] as number) | (1 << (ordinal & 7));
  }

  *[Symbol.iterator](): Generator<number> {
    for (let at = 0; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at] as number;
      for (let bit = 0; byte >> bit > 0; bit += 1) if (((byte >> bit) & 1) === 1) yield at * 8 + bit;
    }
  }
}
