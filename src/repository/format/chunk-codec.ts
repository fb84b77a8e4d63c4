import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { webcrypto } from 'node:crypto';
import { limits, free } from '../../core/index.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { openNow, openSegment, sealInto, type ObjectKey, type RawKey } from './seal.ts';
import type { Segment } from './segment.ts';
import { packNow, unpackNow } from './zstd.ts';

/**
 * The work on the bytes of one chunk: hash, compress, seal and back. Pure functions of their arguments, so that threads can
 * take them over: what ends in `Now` works in the thread that calls it, the others use Node's own for anything of some size.
 */
const poolBytesMin = 32 * 2 ** 10;
interface ZstdOptions {
  readonly chunkSize: number;
  readonly maxOutputLength: number;
}
type Zstd = (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer>;
const decompressLater = promisify(zstdDecompress) as Zstd;

/** Output in one piece: by default it comes in pieces of 16 KiB, each a trip through the thread pool. */
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

/** `chunkIdOf` in this thread. */
export function chunkIdNow(idKey: Uint8Array, plain: Uint8Array): Buffer {
  const key = secretKeys.get(idKey) ?? createSecretKey(idKey);
  secretKeys.set(idKey, key);
  return createHmac('sha256', key).update(plain).digest();
}

/** Made once: Node would prepare the bytes of a key anew for every chunk. */
const secretKeys = new WeakMap<Uint8Array, KeyObject>();

/** Method byte and data as two parts, made in this thread; good until it makes the next. */
export function encodeChunkNow(plain: Uint8Array): [Uint8Array, Uint8Array] {
  const packed = packNow(plain);
  return packed.length < plain.length ? [zstdMethod, packed] : [rawMethod, plain];
}

const [rawMethod, zstdMethod] = [Uint8Array.of(0), Uint8Array.of(1)];

/** The plain bytes, or `undefined` if the body does not hold exactly `plainBytes` of them. */
export async function decodeChunk(body: Buffer, plainBytes: number): Promise<Buffer | undefined> {
  if (plainBytes < poolBytesMin || body[0] !== 1) return decodeChunkNow(body, plainBytes);
  if (plainBytes > limits.chunkBytesMax) return undefined;
  try {
    const plain = await decompressLater(body.subarray(1), decompressInto(plainBytes));
    return plain.length === plainBytes ? plain : undefined;
  } catch {
    // As below.
    return undefined;
  }
}

/** Into `room` where that is given (`roomFor`), else into memory of its own, which a chunk that is not packed shares with `body`. */
function decodeChunkNow(body: Buffer, plainBytes: number, room?: Buffer): Buffer | undefined {
  if (plainBytes > limits.chunkBytesMax) return undefined;
  if (body[0] === 0) {
    if (body.length - 1 !== plainBytes) return undefined;
    if (room === undefined) return body.subarray(1);
    body.copy(room, 0, 1);
    return room.subarray(0, plainBytes);
  }
  if (body[0] !== 1) return undefined;
  const into = room ?? roomFor(plainBytes);
  const plain = unpackNow(body.subarray(1), into, plainBytes);
  return plain && into.subarray(0, plainBytes);
}

/** Memory in which chunks of so many bytes, or fewer, are opened one after another. */
export const roomFor = (plainBytes: number): Buffer =>
  Buffer.allocUnsafeSlow(Math.min(plainBytes, limits.chunkBytesMax) + 1);

const chunkSegment = (id: Uint8Array, number: number): Segment => ({ what: 'chunk', number, last: false, chunkId: id });

/** Into the start of `into`, in this thread; returns how many bytes it is. */
export const sealChunkInto = (
  key: RawKey,
  id: Uint8Array,
  number: number,
  body: readonly Uint8Array[],
  into: Uint8Array,
): number => sealInto(key, chunkSegment(id, number), body, into);

/** `openChunk` in this thread. The bytes are in `room`, which has room for them (`roomFor`); it may be used again when they were. */
export function openChunkNow(
  key: RawKey,
  id: Uint8Array,
  number: number,
  sealed: Uint8Array,
  plainBytes: number,
  room: Buffer,
): Buffer | undefined {
  const body = openNow(key, chunkSegment(id, number), sealed);
  const plain = body && decodeChunkNow(body, plainBytes, room);
  if (body !== undefined) free(body);
  return plain;
}

/** The plain bytes of a sealed chunk; `undefined` if it is not the chunk that was sealed under this id and number. */
export async function openChunk(
  key: ObjectKey,
  id: Uint8Array,
  number: number,
  sealed: Buffer,
  plainBytes: number,
): Promise<Buffer | undefined> {
  const body = await openSegment(key, chunkSegment(id, number), sealed);
  if (body === undefined) return undefined;
  const plain = await decodeChunk(body, plainBytes);
  // What was not packed is the body itself.
  if (plain?.buffer !== body.buffer) free(body);
  return plain;
}
