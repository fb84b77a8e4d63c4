import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress, type ZstdOptions } from 'node:zlib';
import { assert, limits, free } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import {
  decodeBody,
  decodeHeader,
  encodeHeader,
  freshSalt,
  hashBytes,
  headerBytes,
  objectKey,
  openSegment,
  requireHash,
  sealSegment,
  tagBytes,
  type ObjectKey,
  type Segment,
} from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';

const compress = promisify<Uint8Array, ZstdOptions, Buffer>(zstdCompress);
const decompress = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress);
/** What is packed comes back in buffers of so many bytes. */
const packedBytesMin = 16 * 2 ** 10;
const packedBytesMax = 2 ** 20;
/** Of a piece that gives way to a whole segment within seconds: packed twice, it may be a quarter larger for half the processor time. */
const quickly = { [constants.ZSTD_c_compressionLevel]: 1 };
const thoroughly = { [constants.ZSTD_c_compressionLevel]: 3 };
const hashedAtOnce = 256 * 2 ** 10;

/** docs/FORMAT.md, "Logs". What stands before the sealed marks: the header and how long they are. */
const marksStart = headerBytes + 4;
const marksSegment: Segment = { what: 'trailer', number: 0, last: false };
const dataSegment: Segment = { what: 'document', number: 1, last: true };
/** Whatever marks a whole object holds: read in one go, they are nearly always all of them. */
export const marksRangeBytes = 8 * 2 ** 10;
/** Seal, method byte and hash, beside what does not compress. */
export const logObjectBytesMax = limits.logPieceBytesMax + limits.logMarksBytesMax + 4 * 2 ** 10;

/** An object of a log: marks that can be read alone, and the bytes. */
export async function sealLogObject(
  bundle: KeyBundle,
  name: string,
  { marks, bytes, isPassing = false }: { marks: Buffer; bytes: Uint8Array; isPassing?: boolean },
): Promise<Buffer[]> {
  assert(bytes.length <= limits.logPieceBytesMax, 'a piece of log is within its bound');
  assert(marks.length <= limits.logMarksBytesMax, 'the marks of a piece are within their bound');
  const salt = freshSalt();
  const key = objectKey(bundle, 'log', name, bundle.epoch, salt);
  assert(key !== undefined, 'the current epoch has a master key');
  const sealedMarks = await sealSegment(key, marksSegment, marks);
  const sealedBytes = await sealBytes(key, bytes, isPassing ? quickly : thoroughly);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(sealedMarks.length);
  const head = encodeHeader({ kind: 'log', epoch: bundle.epoch, salt });
  const parts = [head, length, sealedMarks, sealedBytes];
  return [...parts, await hashOf(parts)];
}

/** What is made on the way is given back at once: beside it commits wait, and would wait for the garbage collector. */
async function sealBytes(
  key: ObjectKey,
  bytes: Uint8Array,
  params: NonNullable<ZstdOptions['params']>,
): Promise<Buffer> {
  // By default zlib comes back to this thread for each 16 KiB that it has packed.
  const chunkSize = Math.min(Math.max(bytes.length, packedBytesMin), packedBytesMax);
  const packed = await compress(bytes, { chunkSize, params });
  const isSmaller = packed.length < bytes.length;
  const body = Buffer.concat(isSmaller ? [Buffer.of(1), packed] : [Buffer.of(0), bytes]);
  free(packed);
  const sealed = await sealSegment(key, dataSegment, body);
  free(body);
  return sealed;
}

/** Of a whole segment in turns, for the same reason. */
async function hashOf(parts: readonly Buffer[]): Promise<Buffer> {
  const hash = createHash('sha256');
  for (const part of parts)
    for (let at = 0; at < part.length; at += hashedAtOnce) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      hash.update(part.subarray(at, at + hashedAtOnce));
    }
  return hash.digest();
}

/** `plainBytes`: how many it should hold, if that is known. Throws `repository.damaged`, `repository.version`. */
export async function openLogObject(
  bundle: KeyBundle,
  name: string,
  object: Buffer,
  plainBytes: number = Math.min(4 * object.length, limits.logPieceBytesMax),
): Promise<{ marks: Buffer; bytes: Buffer }> {
  if (object.length === 0) throw damaged(name, 'the object is empty');
  if (object.length > logObjectBytesMax) throw damaged(name, `the object has more than ${logObjectBytesMax} bytes`);
  requireHash(object, name);
  const { key, marks, end } = await openMarks(bundle, name, object);
  const body = await openSegment(key, dataSegment, object.subarray(end, -hashBytes));
  if (body === undefined) throw damaged(name, 'the object does not decrypt: it is changed, or another under this name');
  return { marks, bytes: await unpacked(body, name, plainBytes) };
}

/** Beside this thread, and into one buffer: a server that replays waits for segment after segment. */
async function unpacked(body: Buffer, name: string, plainBytes: number): Promise<Buffer> {
  if (body[0] !== 1) return decodeBody(body, name, limits.logPieceBytesMax);
  try {
    const chunkSize = Math.max(plainBytes, packedBytesMin);
    return await decompress(body.subarray(1), { chunkSize, maxOutputLength: limits.logPieceBytesMax });
  } catch (error) {
    throw damaged(name, 'the document does not decompress', error);
  } finally {
    free(body);
  }
}

/** How many bytes from the start of the object hold all of its marks. Throws as `openLogObject`. */
export function marksEnd(name: string, start: Buffer): number {
  if (start.length < marksStart) throw damaged(name, `the object has ${start.length} bytes, too few to be whole`);
  const sealedBytes = start.readUInt32BE(headerBytes);
  if (sealedBytes < tagBytes || sealedBytes > limits.logMarksBytesMax + tagBytes) {
    throw damaged(name, `its marks claim ${sealedBytes} bytes`);
  }
  return marksStart + sealedBytes;
}

/** From the start of the object, `marksEnd` bytes or more. Throws as `openLogObject`. */
export async function openMarks(
  bundle: KeyBundle,
  name: string,
  start: Buffer,
): Promise<{ key: ObjectKey; marks: Buffer; end: number }> {
  const end = marksEnd(name, start);
  if (start.length < end) throw damaged(name, `the object has ${start.length} bytes, and its marks end at ${end}`);
  const header = decodeHeader(start, name, 'log');
  const key = objectKey(bundle, 'log', name, header.epoch, header.salt);
  if (key === undefined)
    throw damaged(name, `the object is sealed under key epoch ${header.epoch}, which the key does not hold`);
  const marks = await openSegment(key, marksSegment, start.subarray(marksStart, end));
  if (marks === undefined) throw damaged(name, 'its marks do not decrypt: they are changed, or of another object');
  return { key, marks, end };
}
