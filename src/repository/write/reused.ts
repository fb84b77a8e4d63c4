import type { ChunkTable } from '../table/chunk-table.ts';

/** Chunks of a new point that stand in packs of earlier ones: in which, and a sample of them, each as likely as any other. */
export class Reused {
  /** The numbers of their packs. */
  readonly packs = new Set<number>();
  readonly #table: ChunkTable;
  readonly #present: ReadonlySet<number>;
  readonly #most: number;
  /** A bit for each ordinal that was met: a chunk counts once, however often the point needs it. */
  readonly #met: Uint8Array;
  readonly #sample: number[] = [];
  #count = 0;

  /** Only chunks in these packs count. The table may grow meanwhile, but not by chunks of these packs. */
  constructor(table: ChunkTable, present: ReadonlySet<number>, most: number) {
    this.#table = table;
    this.#present = present;
    this.#most = most;
    this.#met = new Uint8Array(Math.ceil(table.size / 8));
  }

  /** False if no such pack holds the chunk. */
  meet(id: Uint8Array): boolean {
    const ordinal = this.#table.find(id, (candidate) => this.#present.has(this.#table.packOf(candidate)));
    if (ordinal < 0) return false;
    const [byte, bit] = [ordinal >>> 3, 1 << (ordinal & 7)];
    if (((this.#met[byte] as number) & bit) !== 0) return true;
    this.#met[byte] = (this.#met[byte] as number) | bit;
    this.packs.add(this.#table.packOf(ordinal));
    this.#draw(ordinal);
    return true;
  }

  sample(): readonly number[] {
    return this.#sample;
  }

  /** Vitter's algorithm R: the n-th takes a place with the chance that all before it had. */
  #draw(ordinal: number): void {
    this.#count += 1;
    if (this.#sample.length < this.#most) {
      this.#sample.push(ordinal);
      return;
    }
    const place = Math.floor(Math.random() * this.#count);
    if (place < this.#most) this.#sample[place] = ordinal;
  }
}
