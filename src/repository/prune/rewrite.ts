import { isDamage } from '../damage.ts';
import { storeIndex } from '../format/index-object.ts';
import type { PackReader } from '../read/pack-reader.ts';
import type { KeyBundle } from '../keys/keys.ts';
import type { Store } from '../../stores/index.ts';
import { limits, type Progress } from '../../core/index.ts';
import { Budget, forEachOf } from '../tasks.ts';
import { ChunkSink, type StoredIds } from '../write/chunk-sink.ts';
import { PackWriter } from '../write/pack-writer.ts';
import type { Bits } from '../bits.ts';

export interface RewriteOf {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly reader: PackReader;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
}

/**
 * Writes these chunks (their ordinals, by pack) into new packs, with an index. Returns the ids of the new packs. What cannot be read
 * stays where it is.
 */
export async function rewrite(of: RewriteOf, chunks: ReadonlyMap<number, readonly number[]>): Promise<string[]> {
  if (chunks.size === 0) return [];
  const { store, bundle, reader, signal } = of;
  const sink = new ChunkSink(bundle, new PackWriter(store, signal), nothingStored, of.progress);
  try {
    // Large packs one after the other, so that chunks of one point stay neighbours; of small ones many, for each is a request to wait for.
    const budget = new Budget(limits.rewriteBytesInFlight);
    await forEachOf(chunks, limits.objectsReadAtOnce, async ([pack, ordinals]) => {
      const bytes = reader.catalog.packs[pack]?.bytes ?? 0;
      await budget.within(bytes, async () => {
        signal?.throwIfAborted();
        await reader.chunks(
          pack,
          ordinals,
          async (_, plain) => void (await (await sink.submit({ plain, release: () => {} })).id),
          (_, error) => {
            if (!isDamage(error)) throw error;
          },
          { rehash: true, signal },
        );
      });
    });
    const written = await sink.finish();
    await storeIndex(store, bundle, written);
    return written.map(({ pack }) => pack.id);
  } catch (error) {
    await sink.settle();
    throw error;
  }
}

/** Reads chunks back, by pack, and adds those that are as they should be to `good`. */
export async function readBackChunks(
  of: RewriteOf,
  chunks: ReadonlyMap<number, readonly number[]>,
  good: Bits,
): Promise<void> {
  await forEachOf(chunks, limits.packsReadAtOnce, async ([pack, ordinals]) => {
    of.signal?.throwIfAborted();
    await of.reader.chunks(
      pack,
      ordinals,
      async (ordinal) => good.add(ordinal),
      (_, error) => {
        if (!isDamage(error)) throw error;
      },
      { rehash: true, signal: of.signal },
    );
  });
}

const nothingStored: StoredIds = { has: () => false, shared: () => ({ size: 0, ids: [] }) };
