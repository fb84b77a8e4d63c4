import { limits } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { isTombstone } from '../format/tombstone.ts';
import { objectOfName } from '../names.ts';
import { forEachOf } from '../tasks.ts';

/** What stands beside packs, index and points and is copied as it is: each store has its own sessions and its own condemned packs. */
export const otherPrefixes = ['canary/', 'holds/', 'logs/', 'journal/'] as const;

export interface ListedPointObject extends StoredObject {
  readonly id: string;
}

export interface Parts {
  readonly packs: readonly StoredObject[];
  readonly indexes: readonly StoredObject[];
  readonly others: readonly StoredObject[];
}

/** Those points of a store that are wanted, oldest first. Only these are looked at more closely: a store may have ten thousand others. */
export async function listPoints(
  store: Store,
  isWanted: (object: ListedPointObject) => boolean,
): Promise<ListedPointObject[]> {
  const points: ListedPointObject[] = [];
  const objects = (await listed(store, 'points/')).map((object) => ({ ...object, id: objectOfName(object.name).id }));
  await forEachOf(objects.filter(isWanted), limits.objectsReadAtOnce, async (object) => {
    const mayBeClaim = object.bytes <= claimBytesMax;
    if (!mayBeClaim || !(await isClaim(store, object.name, object.id))) points.push(object);
  });
  return points.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** A claim is one short line with its hash; a point, with facts and entries, is longer. */
const claimBytesMax = 1024;

/** A name that was claimed to keep a dead writer out is no point. */
async function isClaim(store: Store, name: string, id: string): Promise<boolean> {
  try {
    return isTombstone(await store.get(name, { range: { offset: 0, length: claimBytesMax } }), id);
  } catch (error) {
    // What is gone or cannot be read is met again when it is copied, and named there.
    if (isDamage(error)) return false;
    throw error;
  }
}

/** Packs before index, so that an index that is listed tells of packs that are. */
export async function listParts(store: Store): Promise<Parts> {
  const indexes = await listed(store, 'index/');
  const packs = await listed(store, 'packs/');
  const others: StoredObject[] = [];
  for (const prefix of otherPrefixes) others.push(...(await listed(store, prefix)));
  return { packs, indexes, others };
}

/** Sizes by name of what stands below these prefixes, and is not distrusted. */
export async function heldBy(
  store: Store,
  prefixes: readonly string[],
  distrust: ReadonlySet<string> = new Set(),
): Promise<Map<string, number>> {
  const held = new Map<string, number>();
  for (const prefix of prefixes)
    for (const { name, bytes } of await listed(store, prefix)) if (!distrust.has(name)) held.set(name, bytes);
  return held;
}

export const bytesOf = (objects: readonly StoredObject[]): number =>
  objects.reduce((total, { bytes }) => total + bytes, 0);

/** Objects that belong to a repository; `verify` names what does not. */
async function listed(store: Store, prefix: string): Promise<StoredObject[]> {
  const objects = await Array.fromAsync(store.list(prefix));
  return objects.filter(({ name }) => objectOfName(name).kind !== 'foreign');
}
