import { randomInt } from 'node:crypto';
import { limits } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import { Catalog } from './catalog.ts';
import { damaged, DamageLog, incomplete } from './damage.ts';
import { decodeEntries } from './entry-list.ts';
import type { KeyBundle } from './keys.ts';
import { packName } from './names.ts';
import { PackReader } from './pack-reader.ts';
import { readPieces, type Piece } from './pieces.ts';
import { forEachOf } from './tasks.ts';

export interface ReadBackOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  /** What the writer knew of older packs. */
  readonly catalog: Catalog;
  /** The index objects that it wrote. */
  readonly index: readonly string[];
  /** The entry list of the point to be. */
  readonly pieces: readonly Piece[];
  readonly neededBy: string;
}

/**
 * Asks the store for what was just written as a stranger would: index objects decode, packs have their size, a random sample of
 * chunks and the whole entry list authenticate. Throws `repository.damaged`, `repository.incomplete`.
 */
export async function readBack(of: ReadBackOf): Promise<void> {
  const log = new DamageLog();
  const fresh = new Catalog(of.store, of.bundle, log);
  await fresh.load(of.index);
  await forEachOf(fresh.packs, limits.objectsReadAtOnce, async (pack) => {
    const name = packName(pack.id);
    const stat = await of.store.stat(name);
    if (stat === undefined) throw incomplete(name, 'the store does not have the pack that it took');
    if (stat.bytes !== pack.bytes)
      throw damaged(name, `the store holds ${stat.bytes} bytes of the ${pack.bytes} that it took`);
  });
  const reader = new PackReader(of.store, of.bundle, fresh, log);
  await readSample(reader);
  await readList(of, reader);
  const [first] = log.list();
  if (first !== undefined) throw damaged(first.object, first.what);
}

async function readSample(reader: PackReader): Promise<void> {
  const { table } = reader.catalog;
  const byPack = new Map<number, Set<number>>();
  for (let i = 0; i < Math.min(limits.readBackChunks, table.size); i += 1) {
    const ordinal = randomInt(table.size);
    const { pack } = table.placeOf(ordinal);
    byPack.set(pack, (byPack.get(pack) ?? new Set()).add(ordinal));
  }
  await forEachOf(byPack, 2, ([pack, ordinals]) =>
    reader.chunks(pack, [...ordinals], async () => {}, raise, { rehash: true }),
  );
}

async function readList(of: ReadBackOf, fresh: PackReader): Promise<void> {
  // Chunks of the list that were known stand in older packs, which the fresh index does not name.
  const old = new PackReader(of.store, of.bundle, of.catalog, new DamageLog());
  async function* parts(): AsyncGenerator<Buffer> {
    for (const run of runsOf(of.pieces, (piece) => fresh.catalog.table.find(piece.id) >= 0)) {
      for await (const { plain } of readPieces(run.fresh ? fresh : old, run.pieces, of.neededBy, { rehash: true }))
        yield plain;
    }
  }
  for await (const _ of decodeEntries(parts(), of.neededBy));
}

function runsOf(pieces: readonly Piece[], isFresh: (piece: Piece) => boolean): { fresh: boolean; pieces: Piece[] }[] {
  const runs: { fresh: boolean; pieces: Piece[] }[] = [];
  for (const piece of pieces) {
    const last = runs[runs.length - 1];
    if (last?.fresh === isFresh(piece)) last.pieces.push(piece);
    else runs.push({ fresh: isFresh(piece), pieces: [piece] });
  }
  return runs;
}

function raise(_: number, error: Error): never {
  throw error;
}
