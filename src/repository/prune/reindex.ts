import { assert, limits } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { storeIndex } from '../format/index-object.ts';
import { decodeIndex, type IndexedPack } from '../format/pack-format.ts';
import type { Catalog } from '../read/catalog.ts';
import { openDocument } from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { objectOfName } from '../names.ts';
import { removeObjects, type RemoveOf } from './remove.ts';

export interface ReindexOf extends RemoveOf {
  readonly bundle: KeyBundle;
  /** Has read most of the index objects already. */
  readonly catalog: Catalog;
  /** Ids of index objects that a backup at work has announced: it will read them back. */
  readonly announced: ReadonlySet<string>;
  /** Whether an index shall name the pack no longer. */
  readonly isGone: (pack: string) => boolean;
}

interface OldIndex {
  readonly name: string;
  readonly bytes: number;
  /** Ids of packs. */
  readonly packs: readonly string[];
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
  // None is read again: a store of many points may have as many of them.
  const coverage = of.catalog.coverage();
  for (const { name, bytes } of own) {
    const packs = coverage.get(objectOfName(name).id);
    // One that is damaged stays, and `verify` names it; one that came just now is for the next prune.
    if (packs === undefined) continue;
    if (packs.some(of.isGone) || (joins && small.has(name))) old.push({ name, bytes, packs });
  }
  if (old.length === 0) return { written: 0, removed: 0 };
  const kept = new Set(old.flatMap(({ packs }) => packs).filter((pack) => !of.isGone(pack)));
  const written = await storeIndex(of.store, of.bundle, indexedIn(of.catalog, kept));
  for (const { name } of written) await requireReadable(of.store, of.bundle, name);
  const retained = await removeObjects(of, old);
  return { written: written.length, removed: old.length - retained.length };
}

const smallIndexBytes = 256 * 2 ** 10;

function* indexedIn(catalog: Catalog, packs: Iterable<string>): Generator<IndexedPack> {
  for (const id of packs) {
    const number = catalog.numberOf(id);
    assert(number !== undefined, `the catalog knows the pack ${id} of an index that it read`);
    yield catalog.indexed(number);
  }
}

/** Throws `repository.damaged`, `store.missing`. */
async function requireReadable(store: Store, bundle: KeyBundle, name: string): Promise<IndexedPack[]> {
  const bytes = await store.get(name, { range: { offset: 0, length: limits.documentBytesMax + 1 } });
  return decodeIndex(await openDocument(bundle, 'index', name, bytes), name);
}
