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

/** Records from `offset` on, and where they end. Throws `repository.damaged` for anything that cannot be. */
export function decodeRecords(
  bytes: Buffer,
  start: number,
  packBytes: number,
  name: string,
): { records: ChunkRecord[]; end: number } {
  if (bytes.length < start + 4) throw damaged(name, 'its list of chunks ends too early');
  const count = bytes.readUInt32BE(start);
  const end = start + 4 + count * recordBytes;
  if (count > limits.chunksPerPackMax || end > bytes.length)
    throw damaged(name, `its list names ${count} chunks, more than it can hold`);
  const records: ChunkRecord[] = [];
  for (let at = start + 4; at < end; at += recordBytes) {
    const record = {
      id: bytes.subarray(at, at + 32),
      offset: bytes.readUInt32BE(at + 32),
      sealedBytes: bytes.readUInt32BE(at + 36),
      plainBytes: bytes.readUInt32BE(at + 40),
    };
    requirePossible(record, packBytes, name);
    records.push(record);
  }
  return { records, end };
}

function requirePossible(record: ChunkRecord, packBytes: number, name: string): void {
  const fits =
    record.offset >= headerBytes &&
    record.offset + record.sealedBytes <= packBytes - footerBytes &&
    record.sealedBytes >= sealedChunkBytesMin &&
    record.sealedBytes <= sealedChunkBytesMax &&
    record.plainBytes <= limits.chunkBytesMax;
  if (!fits)
    throw damaged(name, `its list names a chunk of ${record.sealedBytes} bytes at ${record.offset}, which cannot be`);
}

const packHeadBytes = 16 + 4 + 4 + hashBytes;
const indexVersion = 1;

export interface IndexedPack {
  readonly pack: PackRecord;
  readonly chunks: readonly ChunkRecord[];
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
    return [bytes, encodeRecords(chunks)];
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
      sha256: bytes.subarray(at + 24, at + 24 + hashBytes),
    };
    if (pack.bytes > packObjectBytesMax) throw damaged(name, `it names a pack of ${pack.bytes} bytes, which cannot be`);
    const { records, end } = decodeRecords(bytes, at + packHeadBytes, pack.bytes, name);
    packs.push({ pack, chunks: records });
    at = end;
  }
  if (at !== bytes.length) throw damaged(name, `${bytes.length - at} bytes follow its last pack`);
  return packs;
}
