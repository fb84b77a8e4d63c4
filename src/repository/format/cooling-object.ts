import { z } from 'zod';
import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { damaged, damageFrom, isDamage } from '../damage.ts';
import { coolingName, objectOfName } from '../names.ts';
import type { Damage } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import { decodePlain, encodePlain } from './twins.ts';

/** docs/FORMAT.md, "Packs that move to a colder class": from now on no writer that begins counts on them. */
export interface Cooling {
  readonly id: string;
  /** Ids of packs. */
  readonly packs: readonly string[];
}

export interface CoolingList {
  readonly cooling: readonly Cooling[];
  /** All packs of them. */
  readonly packs: ReadonlySet<string>;
  readonly damage: readonly Damage[];
}

export const encodeCooling = (packs: readonly string[]): Buffer =>
  encodePlain({ lifeboat: 'cooling', format: 1, packs });

/** Read in the same place as the lists of condemned packs: after the session is open, before packs are listed. */
export async function readCooling(store: Store, signal?: AbortSignal): Promise<CoolingList> {
  const cooling: Cooling[] = [];
  const damage: Damage[] = [];
  await forEachOf(store.list('cooling/'), limits.objectsReadAtOnce, async ({ name }) => {
    signal?.throwIfAborted();
    const { kind, id } = objectOfName(name);
    if (kind !== 'cooling') return;
    try {
      cooling.push({ id, packs: await readCoolingPacks(store, id) });
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Gone since the listing: its packs have moved, and the listing of packs shows it.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'cooling'));
    }
  });
  cooling.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { cooling, packs: new Set(cooling.flatMap(({ packs }) => packs)), damage };
}

/** One of them. Throws `repository.damaged`, `store.missing`. */
export async function readCoolingPacks(store: Store, id: string): Promise<readonly string[]> {
  const name = coolingName(id);
  const bytes = await store.get(name, { range: { offset: 0, length: limits.condemnedBytesMax + 1 } });
  if (bytes.length > limits.condemnedBytesMax) throw damaged(name, 'the object is longer than any of its kind');
  const parsed = schema.safeParse(decodePlain(bytes, name));
  if (!parsed.success) throw damaged(name, 'it is not a list of packs that move to a colder class', parsed.error);
  return parsed.data.packs;
}

const schema = z.object({
  lifeboat: z.literal('cooling'),
  format: z.literal(1),
  packs: z.array(z.string().regex(/^[0-9a-f]{32}$/)),
});
