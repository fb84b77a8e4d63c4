import { readScratch, ScratchFile } from './scratch-file.ts';

/** A sorted run, for threads of this process: they read it while whoever made it holds the `SortedRun`. */
export interface RunPlace {
  /** The number of its file. */
  readonly file: number;
  readonly entries: number;
  /** 32-bit words of one entry. */
  readonly words: number;
  /** The first word of each block's first entry. */
  readonly fence: Uint32Array<SharedArrayBuffer>;
}

/** Entries of one block, which is read at once: 2 or 4 KiB. In memory stay 4 bytes of each block. */
export const blockEntries = 256;
/** What a merge has of each of its three runs in memory. */
const mergedBlocks = 64;

/** Reads a run from its beginning to its end. */
export class RunInput {
  readonly #place: RunPlace;
  readonly #room: Uint32Array;
  #read = 0;
  #at = 0;
  #end = 0;

  constructor(place: RunPlace) {
    this.#place = place;
    this.#room = new Uint32Array(mergedBlocks * blockEntries * place.words);
    this.#fill();
  }

  get isOver(): boolean {
    return this.#at === this.#end;
  }

  get key(): number {
    return this.#room[this.#at] as number;
  }

  moveTo(out: RunOutput): void {
    out.add(this.#room, this.#at);
    this.#at += this.#place.words;
    if (this.#at === this.#end) this.#fill();
  }

  #fill(): void {
    const { file, entries, words } = this.#place;
    const count = Math.min(mergedBlocks * blockEntries, entries - this.#read);
    this.#at = 0;
    this.#end = count * words;
    if (count > 0) readScratch(file, new Uint8Array(this.#room.buffer, 0, count * words * 4), this.#read * words * 4);
    this.#read += count;
  }
}

/** Writes a run from its beginning to its end. */
export class RunOutput {
  readonly #file = new ScratchFile();
  readonly #words: number;
  readonly #room: Uint32Array;
  readonly #fence: Uint32Array<SharedArrayBuffer>;
  readonly #entries: number;
  #added = 0;
  #held = 0;

  constructor(entries: number, words: number) {
    this.#entries = entries;
    this.#words = words;
    this.#room = new Uint32Array(mergedBlocks * blockEntries * words);
    this.#fence = new Uint32Array(new SharedArrayBuffer(Math.ceil(entries / blockEntries) * 4));
  }

  add(from: Uint32Array, at: number): void {
    if (this.#added % blockEntries === 0) this.#fence[this.#added / blockEntries] = from[at] as number;
    for (let i = 0; i < this.#words; i += 1) this.#room[this.#held + i] = from[at + i] as number;
    this.#held += this.#words;
    this.#added += 1;
    if (this.#held === this.#room.length) this.#flush();
  }

  /** What `fill` adds is all of it. */
  finish(fill: () => void): { file: ScratchFile; place: RunPlace } {
    try {
      fill();
      this.#flush();
    } catch (error) {
      this.#file.close();
      throw error;
    }
    const place = { file: this.#file.number, entries: this.#entries, words: this.#words, fence: this.#fence };
    return { file: this.#file, place };
  }

  #flush(): void {
    const from = (this.#added * this.#words - this.#held) * 4;
    this.#file.write(new Uint8Array(this.#room.buffer, 0, this.#held * 4), from);
    this.#held = 0;
  }
}
