import { timeId } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { DamageLog } from '../damage.ts';
import { readPoint, sealPoint } from '../format/point-object.ts';
import { openBundle } from '../keys/open-bundle.ts';
import { pointName } from '../names.ts';
import type { Point, Unlock } from '../repository.ts';

/** Puts points into a store that hold what this one holds, at other moments: whole, readable, restorable. Returns them. */
export async function pointsLike(
  store: Store,
  unlock: Unlock,
  like: readonly { readonly id: string; readonly atMs: readonly number[] }[],
): Promise<Point[]> {
  const { bundle } = await openBundle(store, unlock, new DamageLog());
  const made: Point[] = [];
  for (const { id, atMs: moments } of like) {
    const stored = await readPoint(store, bundle, id);
    for (const atMs of moments) {
      const facts = { ...stored.point.facts, atMs };
      const point = { ...stored.point, id: timeId(atMs), atMs, createdMs: atMs, facts };
      await store.put(pointName(point.id), [await sealPoint(bundle, { ...stored, point })]);
      made.push(point);
    }
  }
  return made;
}
