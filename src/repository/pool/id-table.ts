import { assert } from '../../core/index.ts';

/** 128 bits of each id are kept: ids are keyed hashes, so that two of a repository never share them. */
export const idWords = 4;
export const slotsFirst = 2 ** 14;
const [free, claimed, whole] = [0, 1, 2];

/** In shared memory: a state for each slot, then the words of each slot. Has room for half as many ids again, at least. */
export function makeTable(ids: number): Int32Array<SharedArrayBuffer> {
  let slots = slotsFirst;
  while (slots < ids * 2) slots *= 2;
  return new Int32Array(new SharedArrayBuffer(slots * (1 + idWords) * 4));
}

export const slotsOf = (table: Int32Array): number => table.length / (1 + idWords);

export function wordsOf(id: Uint8Array): Int32Array {
  const words = new Int32Array(idWords);
  new Uint8Array(words.buffer).set(id.subarray(0, idWords * 4));
  return words;
}

/** Looks for the id and, if it shall be claimed, puts it where it was not: it was absent for one caller alone. */
export function findInTable(table: Int32Array, words: Int32Array, claim: boolean): 'present' | 'absent' {
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

/** The words of all ids of tables that nobody claims in any more. */
export function idsIn(tables: readonly Int32Array[]): Uint32Array {
  let count = 0;
  for (const table of tables)
    for (let slot = 0; slot < slotsOf(table); slot += 1) count += table[slot] === whole ? 1 : 0;
  const ids = new Uint32Array(count * idWords);
  let at = 0;
  for (const table of tables) {
    for (let slot = 0; slot < slotsOf(table); slot += 1) {
      if (table[slot] !== whole) continue;
      const from = wordsAt(table, slot);
      for (let i = 0; i < idWords; i += 1) ids[at + i] = table[from + i] as number;
      at += idWords;
    }
  }
  return ids;
}

const wordsAt = (table: Int32Array, slot: number): number => slotsOf(table) + slot * idWords;

function same(table: Int32Array, at: number, words: Int32Array): boolean {
  for (let i = 0; i < idWords; i += 1) if (table[at + i] !== words[i]) return false;
  return true;
}
