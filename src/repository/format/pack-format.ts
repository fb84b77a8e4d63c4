import { limits } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import { hashBytes, headerBytes, tagBytes } from './seal.ts';

/** docs/FORMAT.md, "Packs" and "Index". */
export const footerBytes = 4 + hashBytes;
export const recordBytes = 44;
/** A sealed chunk holds at least its method byte and its tag. */
export const sealedChunkBytesMin = 1 + tagBytes;
export const sealedChunkBytesMax = limits.chunkBytesMax + 1 + tagBytes;
/** A sealed trailer that tells of so many chunks, with what follows it. */
export const trailerBytes = (chunks: number): number => 4 + chunks * recordBytes + tagBytes + footerBytes;
/** Chunks fill a pack up to the target; header, trailer and footer come on top. */
export const packObjectBytesMax = headerBytes + limits.packBytesMax + trailerBytes(limits.chunksPerPackMax);

/** A chunk as its pack's trailer and the index tell of it; its segment number is its position in the list. */
export interface ChunkRecord {
  readonly id: Buffer;
  readonly offset: number;
  readonly sealedBytes: number;
  readonly plainBytes: number;
}

export interface PackRecord {
  /** 32 hex digits: the salt of the pack. */
  readonly id: string;
  readonly epoch: number;
  /** Size of the whole object. */
  readonly bytes: number;
  /** The last 32 bytes of the object: the SHA-256 of all before. */
  readonly sha256: Buffer;
}

/**
 * The chunks of a pack as a trailer lists them, checked. Each record is made when it is looked at: as objects, those of a million small files would
 * take a hundred megabytes.
 */
export class ChunkList implements Iterable<ChunkRecord> {
  /** As `encodeRecords` makes them. */
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  static of(records: readonly ChunkRecord[]): ChunkList {
    return new ChunkList(encodeRecords(records));
  }

  get length(): number {
    return (this.bytes.length - 4) / recordBytes;
  }

  *[Symbol.iterator](): Generator<ChunkRecord> {
    for (let at = 4; at < this.bytes.length; at += recordBytes) yield recordAt(this.bytes, at);
  }
}

const recordAt = (bytes: Buffer, at: number): ChunkRecord => ({
  id: bytes.subarray(at, at + 32),
  offset: bytes.readUInt32BE(at + 32),
  sealedBytes: bytes.readUInt32BE(at + 36),
  plainBytes: bytes.readUInt32BE(at + 40),
});

export function encodeRecords(records: readonly ChunkRecord[]): Buffer {
  const bytes = Buffer.alloc(4 + records.length * recordBytes);
  bytes.writeUInt32BE(records.length, 0);
  let at = 4;
  for (const record of records) {
    record.id.copy(bytes, at);
    bytes.writeUInt32BE(record.offset, at + 32);
    bytes.writeUInt32BE(record.sealedBytes, at + 36);
    bytes.writeUInt32BE(record.plainBytes, at + 40);
    at += recordBytes;
  }
  return bytes;
}

/** The list of chunks from `start` on, in the memory of `bytes`, and where it ends. Throws `repository.damaged` for anything that cannot be. */
export function decodeRecords(
  bytes: Buffer,
  start: number,
  packBytes: number,
  name: string,
): { chunks: ChunkList; end: number } {
  if (bytes.length < start + 4) throw damaged(name, 'its list of chunks ends too early');
  const count = bytes.readUInt32BE(start);
  const end = start + 4 + count * recordBytes;
  if (count > limits.chunksPerPackMax || end > bytes.length)
    throw damaged(name, `its list names ${count} chunks, more than it can hold`);
  for (let at = start + 4; at < end; at += recordBytes) requirePossible(bytes, at, packBytes, name);
  return { chunks: new ChunkList(bytes.subarray(start, end)), end };
}

function requirePossible(bytes: Buffer, at: number, packBytes: number, name: string): void {
  const offset = bytes.readUInt32BE(at + 32);
  const sealedBytes = bytes.readUInt32BE(at + 36);
  const fits =
    offset >= headerBytes &&
    offset + sealedBytes <= packBytes - footerBytes &&
    sealedBytes >= sealedChunkBytesMin &&
    sealedBytes <= sealedChunkBytesMax &&
    bytes.readUInt32BE(at + 40) <= limits.chunkBytesMax;
  if (!fits) throw damaged(name, `its list names a chunk of ${sealedBytes} bytes at ${offset}, which cannot be`);
}

const packHeadBytes = 16 + 4 + 4 + hashBytes;
const indexVersion = 1;

export interface IndexedPack {
  readonly pack: PackRecord;
  readonly chunks: ChunkList;
}

export function encodeIndex(packs: readonly IndexedPack[]): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(indexVersion, 0);
  head.writeUInt32BE(packs.length, 4);
  const parts = packs.flatMap(({ pack, chunks }) => {
    const bytes = Buffer.alloc(packHeadBytes);
    Buffer.from(pack.id, 'hex').copy(bytes);
    bytes.writeUInt32BE(pack.epoch, 16);
    bytes.writeUInt32BE(pack.bytes, 20);
    pack.sha256.copy(bytes, 24);
    return [bytes, chunks.bytes];
  });
  return Buffer.concat([head, ...parts]);
}

/** Throws `repository.damaged`. */
export function decodeIndex(bytes: Buffer, name: string): IndexedPack[] {
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== indexVersion)
    throw damaged(name, 'it does not start as an index does');
  const count = bytes.readUInt32BE(4);
  const packs: IndexedPack[] = [];
  let at = 8;
  for (let i = 0; i < count; i += 1) {
    if (at + packHeadBytes > bytes.length) throw damaged(name, `it names ${count} packs and ends after ${i}`);
    const pack = {
      id: bytes.toString('hex', at, at + 16),
      epoch: bytes.readUInt32BE(at + 16),
      bytes: bytes.readUInt32BE(at + 20),
      // What is kept of a pack shall not keep the whole index.
      sha256: Buffer.from(bytes.subarray(at + 24, at + 24 + hashBytes)),
    };
    if (pack.bytes > packObjectBytesMax) throw damaged(name, `it names a pack of ${pack.bytes} bytes, which cannot be`);
    const { chunks, end } = decodeRecords(bytes, at + packHeadBytes, pack.bytes, name);
    packs.push({ pack, chunks });
    at = end;
  }
  if (at !== bytes.length) throw damaged(name, `${bytes.length - at} bytes follow its last pack`);
  return packs;
}
