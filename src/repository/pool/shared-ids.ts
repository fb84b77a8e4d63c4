import type { RunPlace } from '../table/run-streams.ts';
import { findIn } from '../table/sorted-run.ts';
import { StoredChunks, type StoredPlace } from '../table/stored-chunks.ts';
import { findInTable, wordsOf } from './id-table.ts';

/** What a thread needs to share a set of ids, as it is now. */
export interface SharedIdsPlace {
  /** From the oldest to the one that is claimed in. */
  readonly tables: readonly Int32Array<SharedArrayBuffer>[];
  /** Claimed before: words of ids. */
  readonly claimed: readonly RunPlace[];
  readonly stored?: StoredKnown | undefined;
}

/** Chunks on disk that are known from the start, where their packs are present. */
export interface StoredKnown {
  readonly place: StoredPlace;
  /** A bit for each pack, by its number. */
  readonly present: Uint8Array<SharedArrayBuffer>;
}

/** Of what is on disk each thread keeps so many pages of 3 KiB. */
const pagesKept = 128;

/** Ids that are in the store or on their way, as one thread sees them. */
export class SharedIds {
  #place: SharedIdsPlace;
  readonly #stored: StoredChunks | undefined;

  constructor(place: SharedIdsPlace) {
    this.#place = place;
    this.#stored = place.stored && new StoredChunks(place.stored.place, pagesKept);
  }

  /** The same set, later. */
  follow(place: SharedIdsPlace): void {
    this.#place = place;
  }

  /** True for the one caller who brings the id. Throws `disk.io`. */
  claim(id: Uint8Array): boolean {
    const words = wordsOf(id);
    const { tables } = this.#place;
    const newest = tables[tables.length - 1] as Int32Array;
    for (let i = 0; i < tables.length - 1; i += 1) {
      if (findInTable(tables[i] as Int32Array, words, false) === 'present') return false;
    }
    if (this.#hasDisk() && (findInTable(newest, words, false) === 'present' || this.#isOnDisk(id, words))) return false;
    return findInTable(newest, words, true) === 'absent';
  }

  #hasDisk(): boolean {
    return this.#stored !== undefined || this.#place.claimed.length > 0;
  }

  #isOnDisk(id: Uint8Array, words: Int32Array): boolean {
    const own = new Uint32Array(words.buffer);
    for (const run of this.#place.claimed) {
      if (findIn(run, own[0] as number, (entry) => entry.every((word, i) => word === own[i])) !== undefined)
        return true;
    }
    const [chunks, present] = [this.#stored, this.#place.stored?.present];
    if (chunks === undefined || present === undefined) return false;
    const isPresent = (pack: number): boolean => (((present[pack >> 3] ?? 0) >> (pack & 7)) & 1) === 1;
    return chunks.find(id, (ordinal) => isPresent(chunks.packOf(ordinal))) >= 0;
  }
}
