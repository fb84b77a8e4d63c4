import { limits, timeId, type Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { encodeCooling, readCooling, type Cooling } from '../format/cooling-object.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { awaitedName, coolingName } from '../names.ts';
import { awaitedBy } from '../prune/condemn.ts';
import { removeObjects } from '../prune/remove.ts';
import { putKept } from '../put-kept.ts';

interface Parts {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly clock: Clock;
}

/** From here on no writer that begins counts on these packs. What is announced already stays as it is. */
export async function announce({ store, clock }: Parts, packs: readonly string[]): Promise<void> {
  const known = (await readCooling(store)).packs;
  const fresh = packs.filter((pack) => !known.has(pack));
  for (let at = 0; at < fresh.length; at += limits.packsPerCondemnedMax) {
    const some = fresh.slice(at, at + limits.packsPerCondemnedMax);
    await putKept(store, coolingName(timeId(clock.now())), encodeCooling(some));
  }
}

export interface Free {
  /** Ids of packs that no writer at work may count on. */
  readonly packs: ReadonlySet<string>;
  /** The lists of these, and lists that cannot be read: their packs are announced anew. */
  readonly lists: readonly string[];
  /** Writers that the others wait for. */
  readonly awaited: ReadonlySet<string>;
}

/** As for condemned packs: the sessions that were open at some moment after a list was there must have ended. */
export async function freeOf(parts: Parts, listOpen: () => Promise<readonly string[]>): Promise<Free> {
  const { cooling, damage } = await readCooling(parts.store);
  const awaitedFor = new Map<Cooling, readonly string[]>();
  for (const one of cooling) awaitedFor.set(one, await awaitedBy(parts, one, listOpen));
  const open = new Set(await listOpen());
  const packs = new Set<string>();
  const awaited = new Set<string>();
  const lists: string[] = damage.map(({ object }) => object);
  for (const [one, sessions] of awaitedFor) {
    const blocking = sessions.filter((id) => open.has(id));
    blocking.forEach((id) => awaited.add(id));
    if (blocking.length > 0) continue;
    one.packs.forEach((pack) => packs.add(pack));
    lists.push(coolingName(one.id));
  }
  return { packs, lists, awaited };
}

/** Once their packs have moved, or shall no longer: the listing of packs tells their classes from then on. */
export async function removeLists(store: Store, lists: readonly string[]): Promise<void> {
  const names = lists.flatMap((name) => [name, awaitedName(name.slice('cooling/'.length))]);
  await removeObjects(
    { store },
    names.map((name) => ({ name, bytes: 0 })),
  );
}
