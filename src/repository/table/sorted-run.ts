import { assert } from '../../core/index.ts';
import { blockEntries, RunInput, RunOutput, type RunPlace } from './run-streams.ts';
import { readScratch, type ScratchFile } from './scratch-file.ts';

/**
 * Entries of a few 32-bit words on disk, ascending by their first one, which is as random as a hash; those of the same first word in the order they came in.
 * To look one up costs one read of a block.
 */
export class SortedRun {
  readonly place: RunPlace;
  readonly #file: ScratchFile;
  #isShared = false;

  private constructor({ file, place }: { file: ScratchFile; place: RunPlace }) {
    this.place = place;
    this.#file = file;
  }

  /** At most 2^21 entries, in any order. Throws `disk.full`, `disk.io`. */
  static of(entries: Uint32Array, words: number): SortedRun {
    const count = entries.length / words;
    assert(count <= maxSorted, 'an entry that is sorted wrongly would never be found');
    const order = new Float64Array(count);
    // Numbers are exact up to 2^53, and an array of them is sorted as such without asking us.
    for (let i = 0; i < count; i += 1) order[i] = (entries[i * words] as number) * maxSorted + i;
    order.sort();
    const out = new RunOutput(count, words);
    const written = out.finish(() => {
      for (const one of order) out.add(entries, (one % maxSorted) * words);
    });
    return new SortedRun(written);
  }

  /** What came with `first` stands before what came with `second`. They stay as they are. Throws `disk.full`, `disk.io`. */
  static merged(first: SortedRun, second: SortedRun): SortedRun {
    const { words } = first.place;
    const out = new RunOutput(first.entries + second.entries, words);
    const written = out.finish(() => {
      const [a, b] = [new RunInput(first.place), new RunInput(second.place)];
      while (!a.isOver && !b.isOver) (a.key <= b.key ? a : b).moveTo(out);
      while (!a.isOver) a.moveTo(out);
      while (!b.isOver) b.moveTo(out);
    });
    return new SortedRun(written);
  }

  get entries(): number {
    return this.place.entries;
  }

  /** From now on its file stays open as long as anybody holds this object. */
  share(): void {
    this.#isShared = true;
  }

  /** It is not looked up here any more. */
  close(): void {
    if (!this.#isShared) this.#file.close();
  }
}

/** The first entry with this first word that is accepted; in any thread. Throws `disk.io`. */
export function findIn(
  place: RunPlace,
  key: number,
  accepts: (entry: Uint32Array) => boolean,
): Uint32Array | undefined {
  const { entries, words, fence } = place;
  for (let block = blockOf(fence, key); block < fence.length && (fence[block] as number) <= key; block += 1) {
    const count = Math.min(blockEntries, entries - block * blockEntries);
    const found = candidates(readBlock(place, block, count), count, words, key);
    for (const entry of found) if (accepts(entry)) return entry;
  }
  return undefined;
}

const maxSorted = 2 ** 21;

/** One for each thread: nothing of a block is used after the next one is read. */
let room = new Uint32Array(0);

function readBlock({ file, words }: RunPlace, block: number, count: number): Uint32Array {
  if (room.length < blockEntries * words) room = new Uint32Array(blockEntries * words);
  readScratch(file, new Uint8Array(room.buffer, 0, count * words * 4), block * blockEntries * words * 4);
  return room;
}

/** The first block that may hold the key: the last one that begins with less. */
function blockOf(fence: Uint32Array, key: number): number {
  let [low, high] = [0, fence.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((fence[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Copies: whoever looks at them may look something else up meanwhile. */
function candidates(block: Uint32Array, count: number, words: number, key: number): Uint32Array[] {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle * words] as number) < key) low = middle + 1;
    else high = middle;
  }
  const found: Uint32Array[] = [];
  for (; low < count && block[low * words] === key; low += 1) found.push(block.slice(low * words, (low + 1) * words));
  return found;
}
