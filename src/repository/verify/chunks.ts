import type { Consumer } from '../read/open-places.ts';
import type { PackReader } from '../read/pack-reader.ts';
import type { Pool } from '../pool/index.ts';

export interface ChunksRead {
  /** Is told of each chunk that is as it was written, with its size before it was compressed. */
  readonly good: (plainBytes: number) => void;
  readonly bad: (ordinal: number, error: Error) => void;
  /** Without one everything happens in this thread. */
  readonly pool: Pool | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Reads chunks of one pack, opens them and hashes them again; keeps nothing. Throws what the store throws that is no damage. */
export async function readChunks(
  reader: PackReader,
  pack: number,
  ordinals: readonly number[],
  { good, bad, pool, signal }: ChunksRead,
): Promise<void> {
  const options = { rehash: true, signal };
  if (pool === undefined) return reader.chunks(pack, ordinals, async (_, plain) => good(plain.length), bad, options);
  const consumer: Consumer = {
    targets: async () => [],
    done: async (ordinal, error) => {
      if (error === undefined) good(reader.catalog.table.placeOf(ordinal).plainBytes);
      else bad(ordinal, error);
    },
  };
  return reader.consume(pack, ordinals, consumer, pool, options);
}
