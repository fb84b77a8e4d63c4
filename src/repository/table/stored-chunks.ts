import { keyOf, packIn, placeIn, recordBytes, type ChunkPlace } from './chunk-record.ts';
import type { RunPlace } from './run-streams.ts';
import { readScratch } from './scratch-file.ts';
import { findIn } from './sorted-run.ts';

/** Chunks on disk, for threads of this process: they read them while whoever made them holds what they belong to. */
export interface StoredPlace {
  /** The number of the file that their records stand in, by ordinal, and how many there are. */
  readonly records: number;
  readonly count: number;
  /** Where each id stands there, from the oldest run to the newest: its first word, its ordinal. */
  readonly runs: readonly RunPlace[];
}

const pageRecords = 64;
const pageBytes = pageRecords * recordBytes;

/** Looks at chunks on disk, in any thread. What was read lately is kept: chunks that are asked for together came together. Everything throws `disk.io`. */
export class StoredChunks {
  readonly #place: StoredPlace;
  readonly #pages: Page[];

  /** So many pages of 3 KiB are kept. */
  constructor(place: StoredPlace, pages = 512) {
    this.#place = place;
    this.#pages = Array.from({ length: pages }, () => ({ number: -1, bytes: none, words: new Uint32Array(0) }));
  }

  /** The first ordinal of the id that `usable` accepts, or -1. */
  find(id: Uint8Array, usable: (ordinal: number) => boolean): number {
    const key = keyOf(id);
    const accepts = (entry: Uint32Array): boolean => this.#isOf(entry[1] as number, id) && usable(entry[1] as number);
    for (const run of this.#place.runs) {
      const found = findIn(run, key, accepts);
      if (found !== undefined) return found[1] as number;
    }
    return -1;
  }

  idOf(ordinal: number): Buffer {
    const at = (ordinal % pageRecords) * recordBytes;
    return Buffer.from(this.#page(ordinal).bytes.subarray(at, at + 32));
  }

  placeOf(ordinal: number): ChunkPlace {
    return placeIn(this.#page(ordinal).words, ordinal % pageRecords);
  }

  packOf(ordinal: number): number {
    return packIn(this.#page(ordinal).words, ordinal % pageRecords);
  }

  #isOf(ordinal: number, id: Uint8Array): boolean {
    const at = (ordinal % pageRecords) * recordBytes;
    return this.#page(ordinal).bytes.compare(id, 0, 32, at, at + 32) === 0;
  }

  #page(ordinal: number): Page {
    const number = Math.floor(ordinal / pageRecords);
    const page = this.#pages[number % this.#pages.length] as Page;
    if (page.number === number) return page;
    if (page.bytes.length === 0) {
      page.bytes = Buffer.alloc(pageBytes);
      page.words = new Uint32Array(page.bytes.buffer, page.bytes.byteOffset, pageBytes / 4);
    }
    page.number = -1;
    const bytes = Math.min(pageBytes, this.#place.count * recordBytes - number * pageBytes);
    readScratch(this.#place.records, page.bytes.subarray(0, bytes), number * pageBytes);
    page.number = number;
    return page;
  }
}

interface Page {
  number: number;
  bytes: Buffer;
  words: Uint32Array;
}

const none = Buffer.alloc(0);
