import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { indexName } from '../names.ts';
import { putKept } from '../put-kept.ts';
import { encodeIndex, type IndexedPack } from './pack-format.ts';
import { freshSalt, sealDocument } from './seal.ts';

export interface StoreIndexOptions {
  /** Of the first objects, each for this once. */
  readonly ids?: readonly string[];
  /** How one is put; default: it is read back. */
  readonly put?: (store: Store, name: string, bytes: Buffer) => Promise<void>;
}

/** Stores as many index objects as the packs need, taking no more packs at once than one of them holds; none for no packs. */
export async function storeIndex(
  store: Store,
  bundle: KeyBundle,
  packs: Iterable<IndexedPack>,
  { ids = [], put = putKept }: StoreIndexOptions = {},
): Promise<{ name: string; bytes: number }[]> {
  const stored: { name: string; bytes: number }[] = [];
  for (const group of groupsOf(packs)) {
    const announced = ids[stored.length];
    const salt = announced === undefined ? freshSalt() : Buffer.from(announced, 'hex');
    const name = indexName(salt.toString('hex'));
    const sealed = await sealDocument(bundle, 'index', name, salt, encodeIndex(group));
    await put(store, name, sealed);
    stored.push({ name, bytes: sealed.length });
  }
  return stored;
}

function* groupsOf(packs: Iterable<IndexedPack>): Generator<IndexedPack[]> {
  let group: IndexedPack[] = [];
  let chunks = 0;
  for (const pack of packs) {
    if (group.length > 0 && chunks + pack.chunks.length > limits.chunksPerIndexMax) {
      yield group;
      group = [];
      chunks = 0;
    }
    group.push(pack);
    chunks += pack.chunks.length;
  }
  if (group.length > 0) yield group;
}
