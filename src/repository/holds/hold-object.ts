import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { isTimeId, LifeboatError, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { byObject, damaged, damageFrom, isDamage } from '../damage.ts';
import { openDocument, sealDocument } from '../format/seal.ts';
import type { KeyBundle } from '../keys/bundle.ts';
import { holdName, objectOfName } from '../names.ts';
import type { Damage, Hold } from '../repository.ts';
import { forEachOf } from '../tasks.ts';
import { putKept } from '../put-kept.ts';

/**
 * Puts a hold where every reader of the store finds it, and returns the bytes that stand there; `sealed` are those that another store of
 * the same repository was given, so that copies of a store do not differ. Throws `store.exists` for an id that is taken by another.
 */
export async function putHold(store: Store, bundle: KeyBundle, hold: Hold, sealed?: Buffer): Promise<Buffer> {
  const name = holdName(hold.id);
  const plain = Buffer.from(JSON.stringify({ format: 1, ...hold }));
  const bytes = sealed ?? (await sealDocument(bundle, 'hold', name, randomBytes(16), plain));
  // A replica may have been given it meanwhile, with the same bytes.
  await putKept(store, name, bytes);
  return bytes;
}

/** Every hold of the store, oldest first. One that cannot be read is in `damage`: what it holds is not known. */
export async function listHolds(
  store: Store,
  bundle: KeyBundle,
  signal?: AbortSignal,
): Promise<{ holds: Hold[]; damage: Damage[] }> {
  const holds: Hold[] = [];
  const damage: Damage[] = [];
  await forEachOf(store.list('holds/'), limits.objectsReadAtOnce, async ({ name }) => {
    signal?.throwIfAborted();
    if (objectOfName(name).kind !== 'hold') return;
    try {
      holds.push(await readHold(store, bundle, name));
    } catch (error) {
      if (!isDamage(error)) throw error;
      // Released between the listing and now.
      if (error.code !== 'store.missing') damage.push(damageFrom(error, name, 'hold'));
    }
  });
  holds.sort((a, b) => (a.id < b.id ? -1 : 1));
  damage.sort(byObject);
  return { holds, damage };
}

/** Throws `repository.damaged`, `repository.version`, `store.missing`. */
export async function readHold(store: Store, bundle: KeyBundle, name: string): Promise<Hold> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.headerBytesMax + 1 } });
  const document = (await openDocument(bundle, 'hold', name, bytes)).toString('utf8');
  try {
    const { format: _, ...hold } = schema.parse(JSON.parse(document));
    if (hold.id === objectOfName(name).id) return hold as Hold;
  } catch (error) {
    throw damaged(name, 'it is not a hold of this format', error);
  }
  throw damaged(name, 'it holds the hold of another name');
}

/** Takes a hold away, whole or damaged. Throws `hold.missing`, and `store.denied` where the store keeps it all the same. */
export async function removeHold(store: Store, id: string): Promise<void> {
  const name = holdName(id);
  if (!isTimeId(id) || (await store.stat(name)) === undefined) {
    throw new LifeboatError('hold.missing', `there is no hold ${id}`, { hint: 'List them: lifeboat points holds' });
  }
  await store.remove(name);
  if ((await store.stat(name)) === undefined) return;
  throw new LifeboatError('store.denied', `the store keeps the hold ${id}`, { where: name });
}

const schema = z
  .object({
    format: z.literal(1),
    id: z.string().refine(isTimeId),
    kind: z.enum(['incident', 'legal', 'manual']),
    point: z.string().refine(isTimeId).optional(),
    asset: z.string().min(1).optional(),
    reason: z.string(),
    by: z.string(),
    createdMs: z.number(),
    untilMs: z.number().optional(),
  })
  .refine(({ point, asset }) => (point === undefined) !== (asset === undefined));
