import { promisify } from 'node:util';
import { zstdDecompress, type ZstdOptions } from 'node:zlib';
import { assert, limits, free } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import {
  decodeBody,
  decodeHeader,
  freshSalt,
  hashBytes,
  headerBytes,
  objectKey,
  openSegment,
  requireHash,
  tagBytes,
  type ObjectKey,
} from '../format/seal.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { dataSegment, logObjectBytesMax, marksSegment, marksStart } from './sealing/log-segments.ts';
import { sealLog, type SealedLog } from './sealing/log-thread.ts';

const decompress = promisify<Uint8Array, ZstdOptions, Buffer>(zstdDecompress);
/** What is unpacked comes back in buffers of so many bytes at least. */
const packedBytesMin = 16 * 2 ** 10;
/** Whatever marks a whole object holds: read in one go, they are nearly always all of them. */
export const marksRangeBytes = 8 * 2 ** 10;
/** An object of a log: marks that can be read alone, and the bytes. `release` gives its memory back when nobody reads it any more. */
export function sealLogObject(
  bundle: KeyBundle,
  name: string,
  { marks, bytes, isPassing = false }: { marks: Buffer; bytes: Uint8Array; isPassing?: boolean },
): Promise<SealedLog> {
  assert(bytes.length <= limits.logPieceBytesMax, 'a piece of log is within its bound');
  assert(marks.length <= limits.logMarksBytesMax, 'the marks of a piece are within their bound');
  const { epoch } = bundle;
  const salt = freshSalt();
  const key = objectKey(bundle, 'log', name, epoch, salt);
  assert(key !== undefined, 'the current epoch has a master key');
  return sealLog({ key: key.raw, epoch, salt, marks, bytes, isPassing });
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
    // With a byte to spare: for a full buffer another one is made, in case there is more.
    const chunkSize = Math.max(plainBytes + 1, packedBytesMin);
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
