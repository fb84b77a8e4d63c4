import { isLifeboatError, limits } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { damageFrom, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { openPoint, readSealedPoint, type StoredPoint } from '../format/point-object.ts';
import type { Damage, PointCache } from '../repository.ts';
import { forEachOf } from '../tasks.ts';

/** Every point of the store, oldest first, and what stands among the points and is none. */
export async function listPoints(
  store: Store,
  bundle: KeyBundle,
  { signal, cache }: { signal?: AbortSignal | undefined; cache?: PointCache | undefined } = {},
): Promise<{ stored: StoredPoint[]; damage: Damage[] }> {
  const stored: StoredPoint[] = [];
  const damage: Damage[] = [];
  const known = new KnownPoints(store, bundle, cache);
  await forEachOf(store.list('points/'), limits.objectsReadAtOnce, async (object) => {
    signal?.throwIfAborted();
    const { name } = object;
    const { kind, id } = objectOfName(name);
    if (kind !== 'point') {
      damage.push({
        object: name,
        kind: 'foreign',
        code: 'repository.damaged',
        what: 'no object of a repository has such a name',
        points: [],
      });
      return;
    }
    try {
      stored.push(await known.open(object, id));
    } catch (error) {
      // A name that was claimed to keep a dead writer out is no point.
      if (isLifeboatError(error, 'point.missing')) return;
      if (!isDamage(error)) throw error;
      // Removed between the listing and now, by whoever may: then it is no point any more.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'point', [id]));
    }
  });
  known.keep();
  stored.sort(({ point: a }, { point: b }) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return { stored, damage };
}

/** Opens points from what was read of them before, and from the store where nothing was. */
class KnownPoints {
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #cache: PointCache | undefined;
  readonly #place: { repository: string; location: string };
  readonly #before: Map<string, Buffer>;
  readonly #fresh = new Map<string, Buffer>();

  constructor(store: Store, bundle: KeyBundle, cache: PointCache | undefined) {
    this.#store = store;
    this.#bundle = bundle;
    this.#cache = cache;
    this.#place = { repository: bundle.repository, location: store.location };
    this.#before = cache?.load(this.#place) ?? new Map<string, Buffer>();
  }

  async open({ name, bytes }: StoredObject, id: string): Promise<StoredPoint> {
    const before = this.#before.get(name);
    this.#before.delete(name);
    if (before?.length === bytes) {
      try {
        return await openPoint(this.#bundle, id, before);
      } catch (error) {
        // The copy is harmed, or sealed under a key that was given up since: the store has the truth.
        if (!isDamage(error)) throw error;
      }
    }
    const { stored, sealed } = await readSealedPoint(this.#store, this.#bundle, id);
    if (this.#cache !== undefined) this.#fresh.set(name, sealed);
    return stored;
  }

  /** To be called when everything was listed: what is left of before is in the store no more. */
  keep(): void {
    if (this.#fresh.size + this.#before.size > 0) this.#cache?.save(this.#place, this.#fresh, [...this.#before.keys()]);
  }
}
