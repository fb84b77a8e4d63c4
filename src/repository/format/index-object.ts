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

/** Stores as many index objects as the packs need; none for no packs. */
export async function storeIndex(
  store: Store,
  bundle: KeyBundle,
  packs: readonly IndexedPack[],
  { ids = [], put = putKept }: StoreIndexOptions = {},
): Promise<{ name: string; bytes: number }[]> {
  const stored: { name: string; bytes: number }[] = [];
  for (const [i, group] of groupsOf(packs).entries()) {
    const announced = ids[i];
    const salt = announced === undefined ? freshSalt() : Buffer.from(announced, 'hex');
    const name = indexName(salt.toString('hex'));
    const sealed = await sealDocument(bundle, 'index', name, salt, encodeIndex(group));
    await put(store, name, sealed);
    stored.push({ name, bytes: sealed.length });
  }
  return stored;
}

function groupsOf(packs: readonly IndexedPack[]): IndexedPack[][] {
  const groups: IndexedPack[][] = [];
  let chunks = Number.POSITIVE_INFINITY;
  for (const pack of packs) {
    if (chunks + pack.chunks.length > limits.chunksPerIndexMax) {
      groups.push([]);
      chunks = 0;
    }
    groups[groups.length - 1]?.push(pack);
    chunks += pack.chunks.length;
  }
  return groups;
}
