import type { Store, StoredObject } from '../../stores/index.ts';
import { damageFrom, isDamage } from '../damage.ts';
import { readTrailer } from '../format/pack-trailer.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import type { Catalog } from '../read/catalog.ts';
import type { Damage } from '../repository.ts';

/** The trailer must tell the same as the index, or a rebuilt index would not find what this one finds. */
export async function trailerDamage(
  store: Store,
  bundle: KeyBundle,
  catalog: Catalog,
  object: StoredObject,
  pack: number,
): Promise<Damage | undefined> {
  const { name } = object;
  try {
    const { chunks } = await readTrailer(store, bundle, object, objectOfName(name).id);
    if (catalog.agrees(pack, chunks)) return undefined;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return damageFrom(error, name, 'pack');
  }
  const what = 'its trailer and the index tell of different chunks';
  return { object: name, kind: 'pack', code: 'repository.damaged', what, points: [] };
}
