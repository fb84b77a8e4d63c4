import type { Progress } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { DamageLog, isDamage } from '../damage.ts';
import { readCondemned, type CondemnedList } from '../format/condemned-object.ts';
import type { StoredPoint } from '../format/point-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName, pointName } from '../names.ts';
import { Bits } from '../bits.ts';
import { readBackChunks, rewrite } from '../prune/rewrite.ts';
import { Catalog } from '../read/catalog.ts';
import type { Contents } from '../read/contents.ts';
import { chunksNeeded } from '../read/lacks.ts';
import { PackReader } from '../read/pack-reader.ts';

export interface AnewOf {
  readonly bundle: KeyBundle;
  readonly target: Store;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/**
 * Brings points to a store where packs that they need are condemned: such a pack is never taken back, and its name is not to be written. What a point needs and
 * what stands in no other pack there is written anew, as a prune moves chunks, and read back. Whoever calls has a session there for the point.
 */
export class Anew {
  readonly #of: AnewOf;
  readonly #there: PackReader;

  constructor(of: AnewOf) {
    const log = new DamageLog();
    this.#of = of;
    this.#there = new PackReader(of.target, of.bundle, new Catalog(of.target, of.bundle, log), log);
  }

  /** Returns the packs of the source that still keep the point from being whole; the point itself where nobody can tell. Throws what the stores throw. */
  async bring(reader: PackReader, contents: Contents, stored: StoredPoint): Promise<string[]> {
    const { target, signal } = this.#of;
    const { catalog } = this.#there;
    // In this order, as a writer does: what is condemned after this waits for our session; what is gone is not listed.
    const condemned = await readCondemned(target, signal);
    const unknown = [pointName(stored.point.id)];
    if (condemned.damage.length > 0) return unknown;
    await catalog.refresh();
    const counts = countedIn(catalog, await catalog.adopt(), condemned);
    const wanted = new Map<number, Set<number>>();
    try {
      for await (const id of chunksNeeded(contents, stored)) {
        if (catalog.table.find(id, counts) >= 0) continue;
        const ordinal = await reader.locate(id);
        if (ordinal < 0) return unknown;
        const { pack } = reader.catalog.table.placeOf(ordinal);
        wanted.set(pack, (wanted.get(pack) ?? new Set()).add(ordinal));
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      return unknown;
    }
    return this.#write(reader, wanted);
  }

  async #write(reader: PackReader, wanted: ReadonlyMap<number, ReadonlySet<number>>): Promise<string[]> {
    const { target: store, bundle, signal, progress } = this.#of;
    const { catalog } = this.#there;
    const chunks = new Map([...wanted].map(([pack, ordinals]) => [pack, [...ordinals]]));
    const written = await rewrite({ store, bundle, reader, signal, progress }, chunks);
    await catalog.refresh();
    const fresh = written.flatMap((id) => catalog.numberOf(id) ?? []);
    const good = new Bits();
    const all = new Map(fresh.map((pack) => [pack, catalog.ordinalsOf(pack)]));
    await readBackChunks({ store, bundle, reader: this.#there, signal }, all, good);
    const { table, packs } = reader.catalog;
    const isThere = (ordinal: number): boolean =>
      catalog.table.find(table.idOf(ordinal), (found) => good.has(found)) >= 0;
    return [...chunks].flatMap(([pack, ordinals]) =>
      ordinals.every(isThere) ? [] : [packName(packs[pack]?.id ?? '')],
    );
  }
}

/** Whether a chunk of a store may be counted on: its pack is listed, at its full size, and on no list of the condemned. */
function countedIn(
  catalog: Catalog,
  listed: readonly StoredObject[],
  condemned: CondemnedList,
): (ordinal: number) => boolean {
  const sizes = new Map(listed.map(({ name, bytes }) => [name, bytes]));
  return (ordinal) => {
    const pack = catalog.packs[catalog.table.packOf(ordinal)];
    return pack !== undefined && sizes.get(packName(pack.id)) === pack.bytes && !condemned.packs.has(pack.id);
  };
}
