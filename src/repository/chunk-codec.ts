import { createHmac } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import { webcrypto } from 'node:crypto';
import { limits } from '../core/index.ts';
import type { KeyBundle } from './keys.ts';
import { openSegment, sealSegment, type ObjectKey, type Segment } from './seal.ts';

/**
 * The work on the bytes of one chunk: hash, compress, seal and back. Pure functions of their arguments, so that threads can
 * take them over. Anything of some size runs in Node's thread pool.
 */
const poolBytesMin = 32 * 2 ** 10;
interface ZstdOptions {
  readonly chunkSize: number;
  readonly maxOutputLength?: number;
  readonly params?: Record<number, number>;
}
type Zstd = (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer>;
const compressLater = promisify(zstdCompress) as Zstd;
const decompressLater = promisify(zstdDecompress) as Zstd;

/** Output in one piece: by default it comes in pieces of 16 KiB, each a trip through the thread pool. */
const compressInto = (plainBytes: number): ZstdOptions => ({
  chunkSize: plainBytes + (plainBytes >> 8) + 128,
  params: { [constants.ZSTD_c_compressionLevel]: 3 },
});
const decompressInto = (plainBytes: number): ZstdOptions => ({
  chunkSize: Math.max(plainBytes, 64) + 1,
  maxOutputLength: Math.max(plainBytes, 1),
});

const idKeys = new WeakMap<KeyBundle, Promise<webcrypto.CryptoKey>>();

/** The keyed hash of the plain bytes: equal chunks have equal ids, and nobody without the key can guess content from them. */
export async function chunkIdOf(bundle: KeyBundle, plain: Uint8Array): Promise<Buffer> {
  if (plain.length < poolBytesMin) return createHmac('sha256', bundle.chunkIdKey).update(plain).digest();
  let key = idKeys.get(bundle);
  if (key === undefined) {
    key = webcrypto.subtle.importKey(
      'raw',
      bundle.chunkIdKey as Uint8Array<ArrayBuffer>,
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    ) as Promise<webcrypto.CryptoKey>;
    idKeys.set(bundle, key);
  }
  return Buffer.from(await webcrypto.subtle.sign('HMAC', await key, plain as Uint8Array<ArrayBuffer>));
}

/** Method byte and data: 0 as it is, 1 zstd, whichever is shorter. */
export async function encodeChunk(plain: Uint8Array): Promise<Buffer> {
  const packed =
    plain.length < poolBytesMin
      ? zstdCompressSync(plain, compressInto(plain.length))
      : await compressLater(plain, compressInto(plain.length));
  return packed.length < plain.length ? Buffer.concat([Buffer.of(1), packed]) : Buffer.concat([Buffer.of(0), plain]);
}

/** The plain bytes, or `undefined` if the body does not hold exactly `plainBytes` of them. */
export async function decodeChunk(body: Buffer, plainBytes: number): Promise<Buffer | undefined> {
  if (plainBytes > limits.chunkBytesMax) return undefined;
  if (body[0] === 0) return body.length - 1 === plainBytes ? body.subarray(1) : undefined;
  if (body[0] !== 1) return undefined;
  const options = decompressInto(plainBytes);
  try {
    const plain =
      plainBytes < poolBytesMin
        ? zstdDecompressSync(body.subarray(1), options)
        : await decompressLater(body.subarray(1), options);
    return plain.length === plainBytes ? plain : undefined;
  } catch {
    // Not a zstd frame, or a longer one than was recorded: the caller names the object.
    return undefined;
  }
}

const chunkSegment = (id: Uint8Array, number: number): Segment => ({ what: 'chunk', number, last: false, chunkId: id });

export const sealChunk = (key: ObjectKey, id: Uint8Array, number: number, body: Buffer): Promise<Buffer> =>
  sealSegment(key, chunkSegment(id, number), body);

/** The plain bytes of a sealed chunk; `undefined` if it is not the chunk that was sealed under this id and number. */
export async function openChunk(
  key: ObjectKey,
  id: Uint8Array,
  number: number,
  sealed: Buffer,
  plainBytes: number,
): Promise<Buffer | undefined> {
  const body = await openSegment(key, chunkSegment(id, number), sealed);
  return body && decodeChunk(body, plainBytes);
}
