import type { KeyBundle } from '../keys/keys.ts';
import { damaged } from '../damage.ts';
import type { PackRecord } from '../format/pack-format.ts';
import { objectKey, type ObjectKey } from '../format/seal.ts';
import { packName } from '../names.ts';
import { openInThread, type OpenTarget, type Pool } from '../pool/index.ts';
import type { Catalog } from './catalog.ts';
import type { ChunkPlace } from '../table/chunk-record.ts';
import type { Place } from './ranges.ts';

/** What becomes of chunks that threads open. */
export interface Consumer {
  /** Open files that get the bytes of a chunk. They must stay open until `done` was called for it, or `consume` has ended. */
  targets(ordinal: number): Promise<readonly OpenTarget[]>;
  /** Called once for each chunk: whether it was good, and is where it belongs. One whose pack does not come was never asked for its targets. */
  done(ordinal: number, error: Error | undefined): Promise<void>;
}

export interface OpenPlaces {
  readonly catalog: Catalog;
  readonly bundle: KeyBundle;
  readonly record: PackRecord;
  /** A stretch of the pack, and where in the pack it begins. Its memory is given away. */
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly from: number;
  readonly consumer: Consumer;
  readonly pool: Pool;
  /** Of threads, one shall do all the work. */
  readonly lane?: number | undefined;
  readonly rehash?: boolean | undefined;
}

/** Opens chunks that stand in one stretch of a pack, as one task of a thread. */
export async function openPlaces(places: readonly Place[], parts: OpenPlaces): Promise<void> {
  const { catalog, bundle, record, sealed, from, consumer, pool } = parts;
  const key = packKey(bundle, record);
  if (key === undefined) {
    for (const { ordinal, place } of places) await consumer.done(ordinal, changedChunk(record, place));
    return;
  }
  const chunks = await Promise.all(
    places.map(async ({ ordinal, place }) => ({
      ...place,
      id: Uint8Array.from(catalog.table.idOf(ordinal)),
      offset: place.offset - from,
      targets: await consumer.targets(ordinal),
    })),
  );
  const bad = await openInThread(
    pool,
    {
      key: Uint8Array.from(key.raw),
      ...(parts.rehash === true ? { rehashKey: Uint8Array.from(bundle.chunkIdKey) } : {}),
      sealed,
      chunks,
    },
    parts.lane,
  );
  for (const [i, { ordinal, place }] of places.entries())
    await consumer.done(ordinal, bad.includes(i) ? changedChunk(record, place) : undefined);
}

export const packKey = (bundle: KeyBundle, { id, epoch }: PackRecord): ObjectKey | undefined =>
  objectKey(bundle, 'pack', packName(id), epoch, Buffer.from(id, 'hex'));

export const changedChunk = ({ id }: PackRecord, { offset }: ChunkPlace): Error =>
  damaged(packName(id), `the chunk at ${offset} is not as it was written`);
