import { limits } from '../../../core/index.ts';
import type { Store } from '../../../stores/index.ts';
import { isDamage, type DamageLog } from '../../damage.ts';
import { chunkIdOf } from '../../format/chunk-codec.ts';
import type { KeyBundle } from '../../keys/keys.ts';
import type { Catalog } from '../../read/catalog.ts';
import { PackReader } from '../../read/pack-reader.ts';
import { readPieces } from '../../read/pieces.ts';

export interface OldChunksParts {
  readonly store: Store;
  readonly bundle: KeyBundle;
  readonly catalog: Catalog;
  /** The numbers of the packs that are there and trusted. */
  readonly present: ReadonlySet<number>;
  readonly log: DamageLog;
  readonly signal?: AbortSignal | undefined;
}

/** What the store holds of earlier points, to be held against what is there now. Those opened last are kept. */
export class OldChunks {
  readonly #parts: OldChunksParts;
  readonly #reader: PackReader;
  readonly #opened = new Map<string, Promise<Buffer | undefined>>();

  constructor(parts: OldChunksParts) {
    this.#parts = parts;
    this.#reader = new PackReader(parts.store, parts.bundle, parts.catalog, parts.log);
  }

  /** Whether the chunk stands in a pack that is there and trusted. */
  isStored(id: Uint8Array): boolean {
    return this.#find(id) >= 0;
  }

  idOf(plain: Uint8Array): Promise<Buffer> {
    return chunkIdOf(this.#parts.bundle, plain);
  }

  /** The plain bytes of a chunk; undefined if the store cannot give them as they were. */
  open(id: Buffer): Promise<Buffer | undefined> {
    const key = id.toString('latin1');
    const opened = this.#opened.get(key) ?? this.#read(id);
    this.#opened.delete(key);
    this.#opened.set(key, opened);
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= limits.oldChunksKept) break;
      this.#opened.delete(oldest);
    }
    return opened;
  }

  /** As `open`, for a chunk that nobody else will ask for: the bytes are the caller's. */
  openOnce(id: Buffer): Promise<Buffer | undefined> {
    return this.#read(id);
  }

  async #read(id: Buffer): Promise<Buffer | undefined> {
    const ordinal = this.#find(id);
    if (ordinal < 0) return undefined;
    const { plainBytes } = this.#parts.catalog.table.placeOf(ordinal);
    const { signal } = this.#parts;
    try {
      const pieces = readPieces(this.#reader, [{ offset: 0, bytes: plainBytes, id }], 'the point before', { signal });
      for await (const { plain } of pieces) return plain;
    } catch (error) {
      // What it was is a convenience: without it everything is stored anew. Verifying is not the task of a backup.
      if (!isDamage(error)) throw error;
    }
    return undefined;
  }

  #find(id: Uint8Array): number {
    const { catalog, present } = this.#parts;
    return catalog.table.find(id, (ordinal) => present.has(catalog.table.packOf(ordinal)));
  }
}
