import { limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { isDamage } from '../damage.ts';
import { storeIndex } from '../format/index-object.ts';
import { decodeIndex, type IndexedPack } from '../format/pack-format.ts';
import { openDocument } from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { forEachOf } from '../tasks.ts';
import { removeObjects, type RemoveOf } from './remove.ts';

export interface ReindexOf extends RemoveOf {
  readonly bundle: KeyBundle;
  /** Ids of index objects that a backup at work has announced: it will read them back. */
  readonly announced: ReadonlySet<string>;
  /** Whether an index shall name the pack no longer. */
  readonly isGone: (pack: string) => boolean;
}

interface OldIndex {
  readonly name: string;
  readonly bytes: number;
  readonly packs: readonly IndexedPack[];
}

/**
 * Writes the index anew without packs that are gone, and joins what is small if there is much of it: the new objects first, then the
 * old ones go. `listed` was taken before the announcements were read.
 */
export async function reindex(
  of: ReindexOf,
  listed: readonly { readonly name: string; readonly bytes: number }[],
): Promise<{ written: number; removed: number }> {
  const own = listed.filter(({ name }) => {
    const { kind, id } = objectOfName(name);
    return kind === 'index' && !of.announced.has(id);
  });
  const small = new Set(own.filter(({ bytes }) => bytes < smallIndexBytes).map(({ name }) => name));
  const joins = small.size >= limits.smallIndexesMin;
  const old: OldIndex[] = [];
  const seen = new Set<string>();
  await forEachOf(own, limits.objectsReadAtOnce, async ({ name, bytes }) => {
    of.signal?.throwIfAborted();
    const packs = await readIndex(of.store, of.bundle, name);
    if (packs === undefined) return;
    const stale = packs.some(({ pack }) => of.isGone(pack.id));
    if (stale || (joins && small.has(name))) old.push({ name, bytes, packs });
  });
  if (old.length === 0) return { written: 0, removed: 0 };
  const kept = old
    .flatMap(({ packs }) => packs)
    .filter(({ pack }) => !of.isGone(pack.id) && !seen.has(pack.id) && seen.add(pack.id));
  const written = await storeIndex(of.store, of.bundle, kept);
  for (const { name } of written) await requireReadable(of.store, of.bundle, name);
  const retained = await removeObjects(of, old);
  return { written: written.length, removed: old.length - retained.length };
}

const smallIndexBytes = 256 * 2 ** 10;

/** Undefined for one that is damaged, which `verify` names, or gone. */
async function readIndex(store: Store, bundle: KeyBundle, name: string): Promise<IndexedPack[] | undefined> {
  try {
    return await requireReadable(store, bundle, name);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** Throws `repository.damaged`, `store.missing`. */
async function requireReadable(store: Store, bundle: KeyBundle, name: string): Promise<IndexedPack[]> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.documentBytesMax + 1 } });
  return decodeIndex(await openDocument(bundle, 'index', name, bytes), name);
}
