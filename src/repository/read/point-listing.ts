import { isLifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damageFrom, isDamage } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { readPoint, type StoredPoint } from '../format/point-object.ts';
import type { Damage } from '../repository.ts';
import { forEachOf } from '../tasks.ts';

/** Every point of the store, oldest first, and what stands among the points and is none. */
export async function listPoints(
  store: Store,
  bundle: KeyBundle,
  signal?: AbortSignal,
): Promise<{ stored: StoredPoint[]; damage: Damage[] }> {
  const stored: StoredPoint[] = [];
  const damage: Damage[] = [];
  await forEachOf(store.list('points/'), limits.objectsReadAtOnce, async ({ name }) => {
    signal?.throwIfAborted();
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
      stored.push(await readPoint(store, bundle, id));
    } catch (error) {
      // A name that was claimed to keep a dead writer out is no point.
      if (isLifeboatError(error, 'point.missing')) return;
      if (!isDamage(error)) throw error;
      // Removed between the listing and now, by whoever may: then it is no point any more.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'point', [id]));
    }
  });
  stored.sort(({ point: a }, { point: b }) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return { stored, damage };
}
