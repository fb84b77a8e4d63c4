import { assert, limits } from '../../core/index.ts';
import { keyOf, packIn, placeIn, putPlace, recordBytes, recordWords, type ChunkPlace } from './chunk-record.ts';
import { Runs } from './runs.ts';
import { ScratchFile } from './scratch-file.ts';
import { SortedRun } from './sorted-run.ts';
import { StoredChunks, type StoredPlace } from './stored-chunks.ts';

const blockRecords = 2 ** 14;

interface Block {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
}

/** What threads look up by themselves; it is there as long as somebody holds `keep`. */
export interface SharedChunks {
  readonly place: StoredPlace;
  readonly keep: unknown;
}

/**
 * Chunk ids and their places, however many there are: the last `limits.chunksInMemory` are in memory, about 60 bytes each, and all before on disk,
 * with a few bytes of memory for each hundred. The same id may be added for several packs; each keeps its own ordinal (0, 1, 2, … in the order of `add`).
 */
export class ChunkTable {
  readonly #inMemory: number;
  /** The chunks in memory begin with this ordinal. */
  #first = 0;
  #size = 0;
  #blocks: Block[] = [];
  /** Ordinal - first + 1, or 0 for a free slot; open addressing, linear probing. */
  #slots = new Uint32Array(1024);
  #records: ScratchFile | undefined;
  readonly #runs = new Runs();
  #stored: StoredChunks | undefined;

  constructor(inMemory: number = limits.chunksInMemory) {
    this.#inMemory = inMemory;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Makes sure that memory stays bounded with so many chunks more (those of one pack), which are added next. Throws `disk.full`, `disk.io`; all that was added
   * is there then as before.
   */
  makeRoom(chunks: number): void {
    const held = this.#size - this.#first;
    if (held > 0 && held + chunks > this.#inMemory) this.#store();
  }

  add(id: Uint8Array, place: ChunkPlace): number {
    const held = this.#size - this.#first;
    if ((held + 1) * 3 > this.#slots.length * 2) this.#grow();
    const row = held % blockRecords;
    if (row === 0 && held / blockRecords === this.#blocks.length) this.#blocks.push(newBlock());
    const { bytes, words } = this.#blockOf(held);
    bytes.set(id, row * recordBytes);
    putPlace(words, row, place);
    const ordinal = this.#size;
    assert(ordinal < 2 ** 32, 'an ordinal is a word');
    this.#size += 1;
    this.#claim(held, keyOf(id));
    return ordinal;
  }

  /** The first ordinal of the id that `usable` accepts, or -1. */
  find(id: Uint8Array, usable: (ordinal: number) => boolean = () => true): number {
    if (this.#stored !== undefined) {
      const stored = this.#stored.find(id, usable);
      if (stored >= 0) return stored;
    }
    const mask = this.#slots.length - 1;
    for (let slot = keyOf(id) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot] as number;
      if (held === 0) return -1;
      if (this.#same(held - 1, id) && usable(this.#first + held - 1)) return this.#first + held - 1;
    }
  }

  /** A copy. */
  idOf(ordinal: number): Buffer {
    if (ordinal < this.#first) return this.#onDisk().idOf(ordinal);
    const held = ordinal - this.#first;
    const start = (held % blockRecords) * recordBytes;
    return Buffer.from(this.#blockOf(held).bytes.subarray(start, start + 32));
  }

  placeOf(ordinal: number): ChunkPlace {
    if (ordinal < this.#first) return this.#onDisk().placeOf(ordinal);
    const held = ordinal - this.#first;
    return placeIn(this.#blockOf(held).words, held % blockRecords);
  }

  packOf(ordinal: number): number {
    if (ordinal < this.#first) return this.#onDisk().packOf(ordinal);
    const held = ordinal - this.#first;
    return packIn(this.#blockOf(held).words, held % blockRecords);
  }

  /** The ordinal of the first chunk that is in memory, as all after it are; and all before it, for threads. */
  share(): { readonly first: number; readonly stored: SharedChunks | undefined } {
    if (this.#records === undefined) return { first: 0, stored: undefined };
    const runs = this.#runs.all;
    for (const run of runs) run.share();
    return { first: this.#first, stored: { place: this.#place(this.#records), keep: [this.#records, runs] } };
  }

  #blockOf(held: number): Block {
    return this.#blocks[Math.floor(held / blockRecords)] as Block;
  }

  #same(held: number, id: Uint8Array): boolean {
    const start = (held % blockRecords) * recordBytes;
    const { bytes } = this.#blockOf(held);
    return bytes.compare(id, 0, 32, start, start + 32) === 0;
  }

  #claim(held: number, key: number): void {
    const mask = this.#slots.length - 1;
    let slot = key & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = held + 1;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let held = 0; held < this.#size - this.#first; held += 1) this.#claim(held, this.#keyAt(held));
  }

  #keyAt(held: number): number {
    const { bytes } = this.#blockOf(held);
    return bytes.readUInt32BE((held % blockRecords) * recordBytes);
  }

  /** All that is in memory goes to disk. Nothing has changed where that fails. */
  #store(): void {
    const held = this.#size - this.#first;
    const records = (this.#records ??= new ScratchFile());
    for (let at = 0; at < held; at += blockRecords) {
      const { bytes } = this.#blocks[at / blockRecords] as Block;
      records.write(
        bytes.subarray(0, Math.min(blockRecords, held - at) * recordBytes),
        (this.#first + at) * recordBytes,
      );
    }
    const entries = new Uint32Array(held * 2);
    for (let i = 0; i < held; i += 1) {
      entries[i * 2] = this.#keyAt(i);
      entries[i * 2 + 1] = this.#first + i;
    }
    const run = SortedRun.of(entries, 2);
    this.#first = this.#size;
    this.#slots.fill(0);
    try {
      this.#runs.add(run, (one) => one.close());
    } finally {
      this.#stored = new StoredChunks(this.#place(records));
    }
  }

  #place(records: ScratchFile): StoredPlace {
    return { records: records.number, count: this.#first, runs: this.#runs.all.map(({ place }) => place) };
  }

  #onDisk(): StoredChunks {
    assert(this.#stored !== undefined, 'what is not in memory is on disk');
    return this.#stored;
  }
}

function newBlock(): Block {
  const words = new Uint32Array(blockRecords * recordWords);
  return { words, bytes: Buffer.from(words.buffer) };
}
