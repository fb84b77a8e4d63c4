import { webcrypto } from 'node:crypto';
import { LifeboatError, limits } from '../core/index.ts';
import type { Store } from '../stores/index.ts';
import { encodeChunk, openChunk, sealChunk } from './chunk-codec.ts';
import type { KeyBundle } from './keys.ts';
import { packName } from './names.ts';
import { encodeRecords, packObjectBytesMax, type ChunkRecord, type IndexedPack } from './pack-format.ts';
import { encodeHeader, freshSalt, headerBytes, objectKey, sealSegment, tagBytes, type ObjectKey } from './seal.ts';
import { Gate } from './tasks.ts';

/** A pack that fills: chunks are given their place at once and their bytes when they are sealed. */
interface OpenPack {
  readonly id: string;
  readonly name: string;
  readonly key: ObjectKey;
  readonly bytes: Buffer;
  readonly records: ChunkRecord[];
  end: number;
  pending: number;
  full: boolean;
}

/** Fills packs with chunks and stores full ones in the background. */
export class PackWriter {
  readonly #store: Store;
  readonly #bundle: KeyBundle;
  readonly #signal: AbortSignal | undefined;
  readonly #gate = new Gate(limits.packsInFlight + 1);
  readonly #stores = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  readonly #done: IndexedPack[] = [];
  #current: OpenPack | undefined;
  #opening: Promise<void> | undefined;
  #error: unknown;

  constructor(store: Store, bundle: KeyBundle, signal?: AbortSignal) {
    this.#store = store;
    this.#bundle = bundle;
    this.#signal = signal;
  }

  /**
   * Compresses and seals a chunk into a pack. It is opened and decompressed again from the pack's own memory before that pack
   * can be stored: a fault of a library or of memory must show while the original is still at hand.
   */
  async add(id: Buffer, plain: Buffer): Promise<void> {
    const body = await encodeChunk(plain);
    const { pack, number, offset } = await this.#place(id, body.length + tagBytes, plain.length);
    const sealed = await sealChunk(pack.key, id, number, body);
    sealed.copy(pack.bytes, offset);
    const held = pack.bytes.subarray(offset, offset + sealed.length);
    const again = await openChunk(pack.key, id, number, held, plain.length);
    if (again === undefined || !again.equals(plain)) {
      throw new LifeboatError('internal', 'a chunk that was just sealed does not open to the same bytes', {
        hint: 'Nothing damaged was stored. Check the memory of this machine, then run again.',
      });
    }
    pack.pending -= 1;
    this.#storeWhenReady(pack);
  }

  /** Stores what is left; returns every pack of this writer once all of them are durable. */
  async finish(): Promise<IndexedPack[]> {
    if (this.#current !== undefined) this.#close(this.#current);
    await this.settle();
    if (this.#error !== undefined) throw this.#error;
    return this.#done;
  }

  /** Waits for what is being stored, however it ends. */
  async settle(): Promise<void> {
    while (this.#stores.size > 0) await Promise.allSettled(this.#stores);
  }

  /** Gives a chunk its place; waits while too many packs are being stored. */
  async #place(
    id: Buffer,
    sealedBytes: number,
    plainBytes: number,
  ): Promise<{ pack: OpenPack; number: number; offset: number }> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error;
      const pack = this.#current;
      if (pack !== undefined && fits(pack, sealedBytes)) {
        const [number, offset] = [pack.records.length, pack.end];
        pack.records.push({ id, offset, sealedBytes, plainBytes });
        pack.end += sealedBytes;
        pack.pending += 1;
        return { pack, number, offset };
      }
      if (pack !== undefined) this.#close(pack);
      this.#opening ??= this.#openNext();
      await this.#opening;
    }
  }

  async #openNext(): Promise<void> {
    await this.#gate.enter();
    const salt = freshSalt();
    const id = salt.toString('hex');
    const name = packName(id);
    const { epoch } = this.#bundle;
    const key = objectKey(this.#bundle, 'pack', name, epoch, salt) as ObjectKey;
    const bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(packObjectBytesMax);
    encodeHeader({ kind: 'pack', epoch, salt }).copy(bytes);
    this.#current = { id, name, key, bytes, records: [], end: headerBytes, pending: 0, full: false };
    this.#opening = undefined;
  }

  #close(pack: OpenPack): void {
    pack.full = true;
    this.#current = undefined;
    this.#storeWhenReady(pack);
  }

  #storeWhenReady(pack: OpenPack): void {
    if (!pack.full || pack.pending > 0) return;
    const task: Promise<void> = this.#storePack(pack)
      .catch((error: unknown) => void (this.#error ??= error))
      .finally(() => {
        this.#stores.delete(task);
        this.#spare.push(pack.bytes);
        this.#gate.leave();
      });
    this.#stores.add(task);
  }

  async #storePack(pack: OpenPack): Promise<void> {
    const count = pack.records.length;
    const trailer = await sealSegment(
      pack.key,
      { what: 'trailer', number: count, last: true },
      encodeRecords(pack.records),
    );
    let end = pack.end;
    end += trailer.copy(pack.bytes, end);
    end = pack.bytes.writeUInt32BE(trailer.length, end);
    const sha256 = Buffer.from(
      await webcrypto.subtle.digest('SHA-256', pack.bytes.subarray(0, end) as Uint8Array<ArrayBuffer>),
    );
    end += sha256.copy(pack.bytes, end);
    await this.#store.put(
      pack.name,
      [pack.bytes.subarray(0, end)],
      this.#signal === undefined ? {} : { signal: this.#signal },
    );
    const record = { id: pack.id, epoch: this.#bundle.epoch, bytes: end, sha256 };
    this.#done.push({ pack: record, chunks: pack.records });
  }
}

const fits = (pack: OpenPack, sealedBytes: number): boolean =>
  pack.end + sealedBytes <= limits.packBytesMax && pack.records.length < limits.chunksPerPackMax;
