import type { Store } from '../../stores/index.ts';
import type { Condemned } from '../format/condemned-object.ts';
import { condemnedName, objectOfName, pointName } from '../names.ts';
import { removeObjects } from './remove.ts';

export interface TidyUpOf {
  readonly store: Store;
  readonly condemned: readonly Condemned[];
  /** Ids of the packs that the store lists. */
  readonly there: ReadonlySet<string>;
  /** Points whose names are claimed, and whose writers have ended. */
  readonly claimed: readonly string[];
}

/** Removes lists whose packs are all gone, what was written down for them, and claims nobody needs any more; returns their names. */
export async function tidyUp({ store, condemned, there, claimed }: TidyUpOf): Promise<string[]> {
  const isDone = ({ packs }: Condemned): boolean => packs.every((pack) => !there.has(pack));
  const names = condemned.filter(isDone).map(({ id }) => condemnedName(id));
  const left = new Set(condemned.filter((one) => !isDone(one)).map(({ id }) => id));
  // Those of packs that are about to move to a colder class are not ours.
  for await (const { name } of store.list('cooling/')) left.add(objectOfName(name).id);
  const awaited: string[] = [];
  for await (const { name } of store.list('awaited/')) {
    const { kind, id } = objectOfName(name);
    if (kind === 'awaited' && !left.has(id)) awaited.push(name);
  }
  names.push(...claimed.map(pointName));
  const retained = await removeObjects(
    { store },
    [...names, ...awaited].map((name) => ({ name, bytes: 0 })),
  );
  const kept = new Set(retained.map(({ object }) => object));
  return names.filter((name) => !kept.has(name));
}
