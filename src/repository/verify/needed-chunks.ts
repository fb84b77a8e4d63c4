import { Bits } from '../bits.ts';
import type { Catalog } from '../read/catalog.ts';

/** Which chunks points need, and in which packs they stand: a bit for each chunk, for there are millions. */
export class NeededChunks {
  /** The numbers of the packs, in the order in which they were met. */
  readonly packs = new Set<number>();
  readonly #ordinals = new Bits();

  add(ordinal: number, pack: number): void {
    this.#ordinals.add(ordinal);
    this.packs.add(pack);
  }

  /** The ordinals of those that stand in this pack. */
  inPack(pack: number, catalog: Pick<Catalog, 'ordinalsOf'>): number[] {
    return catalog.ordinalsOf(pack).filter((ordinal) => this.#ordinals.has(ordinal));
  }
}
