import { isLifeboatError, limits, type Clock } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { byObject, damageFrom, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { readPoint, type StoredPoint } from '../format/point-object.ts';
import type { Damage, Point, PointCache, PointsOptions } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import { KnownPoints } from './known-points.ts';

/** Every point of the store, oldest first, each read anew, and what stands among the points and is none. */
export async function listPoints(
  store: Store,
  bundle: KeyBundle,
  signal?: AbortSignal,
): Promise<{ stored: StoredPoint[]; damage: Damage[] }> {
  const { found, damage } = await listed(store, (_, id) => readPoint(store, bundle, id), signal);
  found.sort(({ point: a }, { point: b }) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return { stored: found, damage };
}

/** The same, of what was read within a day without reading it again; with `fresh`, or where it is the newest of its kind, read again all the same. */
export async function listKnownPoints(
  store: Store,
  bundle: KeyBundle,
  { cache, clock, fresh, signal }: PointsOptions & { cache: PointCache | undefined; clock: Clock },
): Promise<{ points: Point[]; damage: Damage[] }> {
  const known = await KnownPoints.open({ store, bundle, cache, clock }, fresh === true);
  const { found, damage } = await listed(store, (object, id) => known.point(object, id), signal);
  await known.keep();
  found.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return { points: found, damage };
}

async function listed<T>(
  store: Store,
  read: (object: StoredObject, id: string) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<{ found: T[]; damage: Damage[] }> {
  const found: T[] = [];
  const damage: Damage[] = [];
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
      found.push(await read(object, id));
    } catch (error) {
      // A name that was claimed to keep a dead writer out is no point.
      if (isLifeboatError(error, 'point.missing')) return;
      if (!isDamage(error)) throw error;
      // Removed between the listing and now, by whoever may: then it is no point any more.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'point', [id]));
    }
  });
  damage.sort(byObject);
  return { found, damage };
}
