/** Where a chunk stands. `pack` is a number that the catalog gave to the pack. */
export interface ChunkPlace {
  readonly pack: number;
  /** Its segment number inside the pack. */
  readonly number: number;
  readonly offset: number;
  readonly sealedBytes: number;
  readonly plainBytes: number;
}

const blockRecords = 2 ** 14;
const columns = 5;

/**
 * Chunk ids and their places in typed arrays: about 60 bytes a chunk, so that ten million fit into 600 MB.
 * The same id may be added for several packs; each keeps its own ordinal (0, 1, 2, … in the order of `add`).
 */
export class ChunkTable {
  #ids: Buffer[] = [];
  #places: Uint32Array[] = [];
  /** Ordinal + 1, or 0 for a free slot; open addressing, linear probing. */
  #slots = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(id: Uint8Array, place: ChunkPlace): number {
    if ((this.#size + 1) * 3 > this.#slots.length * 2) this.#grow();
    const ordinal = this.#size;
    const row = ordinal % blockRecords;
    if (row === 0) {
      this.#ids.push(Buffer.alloc(blockRecords * 32));
      this.#places.push(new Uint32Array(blockRecords * columns));
    }
    this.#lastIds().set(id, row * 32);
    this.#places[this.#places.length - 1]?.set(
      [place.pack, place.number, place.offset, place.sealedBytes, place.plainBytes],
      row * columns,
    );
    this.#size += 1;
    this.#claim(ordinal, hashOf(id));
    return ordinal;
  }

  /** The first ordinal of the id that `usable` accepts, or -1. */
  find(id: Uint8Array, usable: (ordinal: number) => boolean = () => true): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashOf(id) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot] as number;
      if (held === 0) return -1;
      if (this.#same(held - 1, id) && usable(held - 1)) return held - 1;
    }
  }

  idOf(ordinal: number): Buffer {
    const start = (ordinal % blockRecords) * 32;
    return (this.#ids[Math.floor(ordinal / blockRecords)] as Buffer).subarray(start, start + 32);
  }

  placeOf(ordinal: number): ChunkPlace {
    const block = this.#places[Math.floor(ordinal / blockRecords)] as Uint32Array;
    const start = (ordinal % blockRecords) * columns;
    return {
      pack: block[start] as number,
      number: block[start + 1] as number,
      offset: block[start + 2] as number,
      sealedBytes: block[start + 3] as number,
      plainBytes: block[start + 4] as number,
    };
  }

  #lastIds(): Buffer {
    return this.#ids[this.#ids.length - 1] as Buffer;
  }

  #same(ordinal: number, id: Uint8Array): boolean {
    const start = (ordinal % blockRecords) * 32;
    const ids = this.#ids[Math.floor(ordinal / blockRecords)] as Buffer;
    return ids.compare(id, 0, 32, start, start + 32) === 0;
  }

  #claim(ordinal: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = ordinal + 1;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let ordinal = 0; ordinal < this.#size; ordinal += 1) this.#claim(ordinal, hashOf(this.idOf(ordinal)));
  }
}

/** An id is a keyed hash: any four of its bytes are as random as a hash of it. */
const hashOf = (id: Uint8Array): number =>
  (((id[0] as number) << 24) | ((id[1] as number) << 16) | ((id[2] as number) << 8) | (id[3] as number)) >>> 0;
