import type { StoredObject } from '../../stores/index.ts';
import { packName, objectOfName } from '../names.ts';
import type { Catalog } from '../read/catalog.ts';
import type { Bits } from '../bits.ts';

export interface CensusOf {
  readonly catalog: Catalog;
  /** Every pack that the store lists. */
  readonly listed: readonly StoredObject[];
  readonly needed: Bits;
  /** Ids of packs that are condemned. */
  readonly condemned: ReadonlySet<string>;
  /** Names of objects that were found damaged. */
  readonly distrust: ReadonlySet<string>;
  /** Of several places of a chunk one of this key epoch counts first. */
  readonly preferEpoch?: number | undefined;
}

/** Of each pack that the store has: how much of it points need, each needed chunk counted in one place alone. */
export class Census {
  /** Numbers of the packs that are there. */
  readonly present = new Set<number>();
  /** Listed packs of which the catalog knows nothing: their trailers cannot be read. */
  readonly unreadable: StoredObject[] = [];
  readonly #of: CensusOf;
  /** Sealed bytes of the needed chunks that are counted here, by pack. */
  readonly #used: Float64Array;

  constructor(of: CensusOf) {
    this.#of = of;
    const { catalog, listed } = of;
    for (const object of listed) {
      const number = catalog.numberOf(objectOfName(object.name).id);
      if (number === undefined) this.unreadable.push(object);
      else this.present.add(number);
    }
    this.#used = this.#count();
  }

  usedBytes(pack: number): number {
    return this.#used[pack] ?? 0;
  }

  bytesOf(pack: number): number {
    return this.#of.catalog.packs[pack]?.bytes ?? 0;
  }

  isCondemned(pack: number): boolean {
    return this.#of.condemned.has(this.#of.catalog.packs[pack]?.id ?? '');
  }

  /** Sealed under an earlier key epoch than this. */
  isOlder(pack: number, epoch: number): boolean {
    return (this.#of.catalog.packs[pack]?.epoch ?? epoch) < epoch;
  }

  isDistrusted(pack: number): boolean {
    return this.#of.distrust.has(packName(this.#of.catalog.packs[pack]?.id ?? ''));
  }

  /** The places of a chunk in packs that are there. */
  placesOf(ordinal: number): number[] {
    const { table } = this.#of.catalog;
    const places: number[] = [];
    table.find(table.idOf(ordinal), (candidate) => {
      if (this.present.has(table.packOf(candidate))) places.push(candidate);
      return false;
    });
    return places;
  }

  /** The needed chunks that stand in this pack, whether they stand elsewhere, too, or not. */
  neededIn(pack: number): number[] {
    const { catalog, needed } = this.#of;
    return catalog.ordinalsOf(pack).filter((ordinal) => needed.has(catalog.table.find(catalog.table.idOf(ordinal))));
  }

  /** A chunk of several places counts where most is needed anyhow, so that the other places come free. */
  #count(): Float64Array {
    const { catalog, needed } = this.#of;
    const everywhere = new Float64Array(catalog.packs.length);
    const bytesAt = (ordinal: number): number => catalog.table.placeOf(ordinal).sealedBytes;
    const packOf = (ordinal: number): number => catalog.table.packOf(ordinal);
    const several: number[][] = [];
    const used = new Float64Array(catalog.packs.length);
    for (const ordinal of needed) {
      const places = this.placesOf(ordinal);
      for (const place of places) everywhere[packOf(place)] = (everywhere[packOf(place)] ?? 0) + bytesAt(place);
      if (places.length > 1) several.push(places);
      else for (const place of places) used[packOf(place)] = (used[packOf(place)] ?? 0) + bytesAt(place);
    }
    const worth = (place: number): number => {
      const pack = packOf(place);
      const isOutdated = this.#of.preferEpoch !== undefined && this.isOlder(pack, this.#of.preferEpoch);
      const trust =
        (isOutdated ? 0 : 8) +
        (catalog.isFrozen(pack) ? 0 : 4) +
        (this.isCondemned(pack) ? 0 : 2) +
        (this.isDistrusted(pack) ? 0 : 1);
      return trust * 2 ** 40 + (everywhere[pack] ?? 0);
    };
    for (const places of several) {
      const best = places.reduce((most, place) => (worth(place) > worth(most) ? place : most));
      used[packOf(best)] = (used[packOf(best)] ?? 0) + bytesAt(best);
    }
    return used;
  }
}
