import { assert } from '../../core/index.ts';

const idWords = 4;
const [free, claimed, whole] = [0, 1, 2];
const slotsFirst = 2 ** 14;

/**
 * Ids that are in the store or on their way, shared by threads. 128 bits of each id are kept: ids are keyed hashes, so that two
 * of a repository never share them. Nothing is removed. When a table is three quarters full a larger one follows; a thread that has not
 * heard of it yet may claim an id that another claims as well, which stores that chunk twice and harms nothing.
 */
export class KnownIds {
  readonly #tables: Int32Array[] = [];
  /** So many ids of the newest table are known from the start. */
  #knownFirst = 0;

  /** Tables made by another thread; without them, one with room for so many ids. */
  constructor(from: readonly SharedArrayBuffer[] | number) {
    if (typeof from === 'number') {
      this.#tables.push(makeTable(from));
      this.#knownFirst = from;
    } else for (const table of from) this.follow(table);
  }

  /** What another thread needs to share this set. */
  get tables(): SharedArrayBuffer[] {
    return this.#tables.map(({ buffer }) => buffer as SharedArrayBuffer);
  }

  /** A larger table to claim from now on, to be told to every thread. */
  grow(): SharedArrayBuffer {
    const table = makeTable(slotsOf(this.#newest()));
    this.#tables.push(table);
    this.#knownFirst = 0;
    return table.buffer as SharedArrayBuffer;
  }

  follow(table: SharedArrayBuffer): void {
    this.#tables.push(new Int32Array(table));
  }

  /** How many ids the newest table may take, beyond those that it was made for, before it has to grow: in a full one nobody would find an end. */
  get room(): number {
    return (slotsOf(this.#newest()) * 3) / 4 - this.#knownFirst;
  }

  /** True for the one caller who brings the id. */
  claim(id: Uint8Array): boolean {
    const words = wordsOf(id);
    for (let i = 0; i < this.#tables.length - 1; i += 1) {
      if (find(this.#tables[i] as Int32Array, words, false) !== 'absent') return false;
    }
    return find(this.#newest(), words, true) === 'absent';
  }

  #newest(): Int32Array {
    return this.#tables[this.#tables.length - 1] as Int32Array;
  }
}

/** A table holds a state for each slot, then the words of each slot. */
function makeTable(ids: number): Int32Array {
  let slots = slotsFirst;
  while (slots < ids * 2) slots *= 2;
  return new Int32Array(new SharedArrayBuffer(slots * (1 + idWords) * 4));
}

const slotsOf = (table: Int32Array): number => table.length / (1 + idWords);

function wordsOf(id: Uint8Array): Int32Array {
  const words = new Int32Array(idWords);
  new Uint8Array(words.buffer).set(id.subarray(0, idWords * 4));
  return words;
}

function find(table: Int32Array, words: Int32Array, claim: boolean): 'present' | 'absent' {
  const slots = slotsOf(table);
  for (let looked = 0; ; looked += 1) {
    assert(looked < slots, 'a table of ids is never full');
    const slot = ((words[0] as number) + looked) & (slots - 1);
    let state = Atomics.load(table, slot);
    if (state === free) {
      if (!claim) return 'absent';
      state = Atomics.compareExchange(table, slot, free, claimed);
      if (state === free) {
        table.set(words, wordsAt(table, slot));
        Atomics.store(table, slot, whole);
        Atomics.notify(table, slot);
        return 'absent';
      }
    }
    // Another thread is between claiming the slot and filling it in: a few instructions, unless it was put to sleep there.
    while (state === claimed) {
      Atomics.wait(table, slot, claimed, 1);
      state = Atomics.load(table, slot);
    }
    if (same(table, wordsAt(table, slot), words)) return 'present';
  }
}

const wordsAt = (table: Int32Array, slot: number): number => slotsOf(table) + slot * idWords;

function same(table: Int32Array, at: number, words: Int32Array): boolean {
  for (let i = 0; i < idWords; i += 1) if (table[at + i] !== words[i]) return false;
  return true;
}
