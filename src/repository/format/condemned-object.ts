import { z } from 'zod';
import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage } from '../damage.ts';
import { condemnedName, objectOfName } from '../names.ts';
import type { Damage } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import { decodePlain, encodePlain } from './twins.ts';

/** docs/FORMAT.md, "Condemned packs": packs that go as soon as no writer can still count on them. */
export interface Condemned {
  readonly id: string;
  /** Ids of packs. */
  readonly packs: readonly string[];
}

export interface CondemnedList {
  readonly condemned: readonly Condemned[];
  /** All packs of them. */
  readonly packs: ReadonlySet<string>;
  /** Objects that cannot be read: nobody knows which packs they name, so that no pack can be counted on. */
  readonly damage: readonly Damage[];
}

/** Needs no key, so that whoever copies points to a store can tell what it must not count on there. */
export const encodeCondemned = (packs: readonly string[]): Buffer =>
  encodePlain({ lifeboat: 'condemned', format: 1, packs });

/** Whoever is about to count on a pack asks after its session is open and before packs are listed, in this order. */
export async function readCondemned(store: Store, signal?: AbortSignal): Promise<CondemnedList> {
  const condemned: Condemned[] = [];
  const damage: Damage[] = [];
  await forEachOf(store.list('condemned/'), limits.objectsReadAtOnce, async ({ name }) => {
    signal?.throwIfAborted();
    const { kind, id } = objectOfName(name);
    if (kind !== 'condemned') return;
    try {
      condemned.push({ id, packs: await readCondemnedPacks(store, id) });
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Gone since the listing: then all of its packs are gone, too.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'condemned'));
    }
  });
  condemned.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { condemned, packs: new Set(condemned.flatMap(({ packs }) => packs)), damage };
}

/** One of them. Throws `repository.damaged`, `store.missing`. */
export async function readCondemnedPacks(store: Store, id: string): Promise<readonly string[]> {
  const name = condemnedName(id);
  const bytes = await store.get(name, { range: { offset: 0, length: limits.condemnedBytesMax + 1 } });
  if (bytes.length > limits.condemnedBytesMax) throw damaged(name, 'the object is longer than any of its kind');
  const parsed = schema.safeParse(decodePlain(bytes, name));
  if (!parsed.success) throw damaged(name, 'it is not a list of condemned packs', parsed.error);
  return parsed.data.packs;
}

const schema = z.object({
  lifeboat: z.literal('condemned'),
  format: z.literal(1),
  packs: z.array(z.string().regex(/^[0-9a-f]{32}$/)),
});
