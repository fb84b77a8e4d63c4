import { LifeboatError, limits, free } from '../../core/index.ts';
import { encodeChunkNow, openChunkNow, roomFor, sealChunkInto } from '../format/chunk-codec.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import { encodeRecords, packObjectBytesMax, type ChunkRecord, type PackRecord } from '../format/pack-format.ts';
import {
  encodeHeader,
  freshSalt,
  headerBytes,
  objectKey,
  sealNow,
  sha256,
  tagBytes,
  type ObjectKey,
} from '../format/seal.ts';

/** A pack that is complete and not stored yet: plain data, for threads. */
export interface BuiltPack {
  readonly name: string;
  readonly pack: PackRecord;
  /** The records of its trailer, as `encodeRecords` makes them. */
  readonly records: Uint8Array;
  /** The object is the first `pack.bytes` of it; all of it belongs to the builder and should come back (`recycle`). */
  readonly memory: ArrayBuffer;
}

interface OpenPack {
  readonly id: string;
  readonly name: string;
  readonly key: ObjectKey;
  readonly bytes: Buffer;
  readonly records: ChunkRecord[];
  end: number;
}

/** Fills one pack after another in the thread that calls it. */
export class PackBuilder {
  readonly #bundle: KeyBundle;
  #spare: Buffer | undefined;
  #open: OpenPack | undefined;
  #isRetired = false;
  /** Chunks are opened again here, the largest too: it takes memory only where it is written. */
  #room: Buffer | undefined;

  constructor(bundle: KeyBundle) {
    this.#bundle = bundle;
  }

  /**
   * Compresses and seals a chunk into the open pack; returns the one before if this chunk did not fit into it. The chunk is opened
   * and decompressed again from the pack's own memory: a fault of a library or of memory must show while the original is at hand.
   */
  add(id: Uint8Array, plain: Uint8Array): BuiltPack | undefined {
    const body = encodeChunkNow(plain);
    const sealedBytes = body[0].length + body[1].length + tagBytes;
    const full = this.#open !== undefined && !fits(this.#open, sealedBytes) ? this.finish() : undefined;
    const pack = (this.#open ??= this.#openNext());
    const number = pack.records.length;
    const offset = pack.end;
    pack.end += sealChunkInto(pack.key, id, number, body, pack.bytes.subarray(offset));
    const sealed = pack.bytes.subarray(offset, pack.end);
    this.#room ??= roomFor(limits.chunkBytesMax);
    const again = openChunkNow(pack.key, id, number, sealed, plain.length, this.#room);
    if (pack.end - offset !== sealedBytes || again === undefined || again.compare(plain) !== 0) {
      throw new LifeboatError('internal', 'a chunk that was just sealed does not open to the same bytes', {
        hint: 'Nothing damaged was stored. Check the memory of this machine, then run again.',
      });
    }
    pack.records.push({ id: Buffer.from(id), offset, sealedBytes, plainBytes: plain.length });
    return full;
  }

  /** Completes the open pack, if there is one. */
  finish(): BuiltPack | undefined {
    const pack = this.#open;
    if (pack === undefined) return undefined;
    this.#open = undefined;
    const records = encodeRecords(pack.records);
    const trailer = sealNow(pack.key, { what: 'trailer', number: pack.records.length, last: true }, [records]);
    const start = pack.end;
    for (const part of trailer) pack.end += part.copy(pack.bytes, pack.end);
    pack.end = pack.bytes.writeUInt32BE(pack.end - start, pack.end);
    const hash = sha256(pack.bytes.subarray(0, pack.end));
    pack.end += hash.copy(pack.bytes, pack.end);
    const record = { id: pack.id, epoch: this.#bundle.epoch, bytes: pack.end, sha256: hash };
    return { name: pack.name, pack: record, records, memory: pack.bytes.buffer as ArrayBuffer };
  }

  /** The memory of a pack that was stored. */
  recycle(memory: ArrayBuffer): void {
    const bytes = Buffer.from(memory);
    if (!this.#isRetired && this.#spare === undefined) this.#spare = bytes;
    else free(bytes);
  }

  /** Gives back what it keeps, and keeps nothing any more: little comes from now on. */
  retire(): void {
    if (this.#spare !== undefined) free(this.#spare);
    if (this.#room !== undefined) free(this.#room);
    this.#spare = undefined;
    this.#room = undefined;
    this.#isRetired = true;
  }

  #openNext(): OpenPack {
    const salt = freshSalt();
    const id = salt.toString('hex');
    const name = packName(id);
    const { epoch } = this.#bundle;
    const key = objectKey(this.#bundle, 'pack', name, epoch, salt) as ObjectKey;
    // All of it at once: the system gives memory where it is written, so that a small pack takes little. One that grew by doubling
    // left pieces behind that nothing fitted into.
    const bytes = this.#spare ?? Buffer.allocUnsafeSlow(packObjectBytesMax);
    this.#spare = undefined;
    encodeHeader({ kind: 'pack', epoch, salt }).copy(bytes);
    return { id, name, key, bytes, records: [], end: headerBytes };
  }
}

const fits = (pack: OpenPack, sealedBytes: number): boolean =>
  pack.end + sealedBytes <= limits.packBytesMax && pack.records.length < limits.chunksPerPackMax;
