/**
 * CRC-32C (Castagnoli), the checksum of PostgreSQL's backup manifests. Measured at 2 GB/s a core, as fast as SHA-256 in hardware
 * here, and nearly free for the server, which has an instruction for it.
 */
export class Crc32c {
  #state = -1;

  update(bytes: Uint8Array): void {
    const { byteOffset, length } = bytes;
    const head = Math.min((4 - (byteOffset & 3)) & 3, length);
    const words = (length - head) >>> 3;
    let state = byByte(this.#state, bytes, 0, head);
    if (words > 0) state = byWords(state, new Int32Array(bytes.buffer, byteOffset + head, words * 2));
    this.#state = byByte(state, bytes, head + words * 8, length);
  }

  /** As a manifest writes it: the four bytes in the order of the machine (little-endian), in hex. */
  hex(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(~this.#state);
    return bytes.toString('hex');
  }
}

/** Table k tells what a byte does that is followed by k others: eight bytes are looked up at once. */
const tables = makeTables();
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

function byByte(from: number, bytes: Uint8Array, start: number, end: number): number {
  let state = from;
  for (let i = start; i < end; i += 1) {
    state = (t0[(state ^ (bytes[i] as number)) & 0xff] as number) ^ (state >>> 8);
  }
  return state;
}

function byWords(from: number, words: Int32Array): number {
  let state = from;
  for (let i = 0; i < words.length; i += 2) {
    const low = state ^ (words[i] as number);
    const high = words[i + 1] as number;
    state =
      (t7[low & 0xff] as number) ^
      (t6[(low >>> 8) & 0xff] as number) ^
      (t5[(low >>> 16) & 0xff] as number) ^
      (t4[low >>> 24] as number) ^
      (t3[high & 0xff] as number) ^
      (t2[(high >>> 8) & 0xff] as number) ^
      (t1[(high >>> 16) & 0xff] as number) ^
      (t0[high >>> 24] as number);
  }
  return state;
}

function makeTables(): Int32Array[] {
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value;
  });
  const all = [first];
  for (let k = 1; k < 8; k += 1) {
    const before = all[k - 1] as Int32Array;
    all.push(before.map((value) => (first[value & 0xff] as number) ^ (value >>> 8)));
  }
  return all;
}
