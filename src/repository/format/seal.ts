import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  webcrypto,
  type CipherGCM,
  type KeyObject,
} from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { assert, free, LifeboatError, limits } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { associatedData, keptData, keptNonce, nonceOf, type Segment } from './segment.ts';

/** docs/FORMAT.md, "Sealed objects". */
export const formatVersion = 1;
export const headerBytes = 32;
export const tagBytes = 16;
export const hashBytes = 32;
export const objectKinds = {
  pack: 1,
  index: 2,
  point: 3,
  session: 4,
  awaited: 5,
  hold: 6,
  journal: 7,
  log: 8,
  canary: 9,
} as const;
export type SealedKind = keyof typeof objectKinds;

const magic = Buffer.from('LIFEBOAT', 'latin1');
/** Below this a call into the thread pool costs more than the work. */
const poolBytesMin = 32 * 2 ** 10;

/** The key of one sealed object, as plain data that threads can be given. */
export interface RawKey {
  readonly kind: SealedKind;
  readonly raw: Uint8Array;
}

/** A raw key, or one that was made ready once for thousands of segments. */
export interface ReadyKey {
  readonly kind: SealedKind;
  readonly raw: Uint8Array | KeyObject;
}

export interface ObjectKey extends RawKey {
  readonly pooled: () => Promise<webcrypto.CryptoKey>;
}

export interface ObjectHeader {
  readonly kind: SealedKind;
  readonly epoch: number;
  readonly salt: Buffer;
}

/** A fresh salt for each attempt: no two objects ever share a key, so a counter is a safe nonce. */
export const freshSalt = (): Buffer => randomBytes(16);

/** The subkey of one object, or `undefined` when the bundle does not hold the epoch. */
export function objectKey(
  bundle: KeyBundle,
  kind: SealedKind,
  name: string,
  epoch: number,
  salt: Uint8Array,
): ObjectKey | undefined {
  const master = bundle.masters.get(epoch);
  if (master === undefined) return undefined;
  const raw = Buffer.from(hkdfSync('sha256', master, salt, `lifeboat/1/${kind}/${name}`, 32));
  let imported: Promise<webcrypto.CryptoKey> | undefined;
  return {
    kind,
    raw,
    pooled: () =>
      (imported ??= webcrypto.subtle.importKey('raw', raw, 'AES-GCM', false, [
        'encrypt',
        'decrypt',
      ]) as Promise<webcrypto.CryptoKey>),
  };
}

export function encodeHeader(header: ObjectHeader): Buffer {
  assert(header.salt.length === 16, 'a salt has 16 bytes');
  const bytes = Buffer.alloc(headerBytes);
  magic.copy(bytes);
  bytes[8] = formatVersion;
  bytes[9] = objectKinds[header.kind];
  bytes.writeUInt32BE(header.epoch, 12);
  header.salt.copy(bytes, 16);
  return bytes;
}

/** Throws `repository.damaged`, and `repository.version` for an object of a later format. */
export function decodeHeader(bytes: Buffer, name: string, kind: SealedKind): ObjectHeader {
  if (bytes.length < headerBytes)
    throw damaged(name, `the object is ${bytes.length} bytes long, which is shorter than its header`);
  if (!bytes.subarray(0, 8).equals(magic))
    throw damaged(name, 'the object does not start as an object of Lifeboat does');
  if (bytes[8] !== formatVersion) {
    throw new LifeboatError(
      'repository.version',
      `${name}: the object has format version ${bytes[8]}, this program knows ${formatVersion}`,
      {
        where: name,
        hint: 'Use the version of Lifeboat that wrote it, or a newer one.',
      },
    );
  }
  if (bytes[9] !== objectKinds[kind])
    throw damaged(name, `the object is of kind ${bytes[9]} where kind ${objectKinds[kind]} (${kind}) belongs`);
  if (bytes[10] !== 0 || bytes[11] !== 0) throw damaged(name, 'reserved bytes of the header are not zero');
  return { kind, epoch: bytes.readUInt32BE(12), salt: bytes.subarray(16, 32) };
}

/** The ciphertext and its tag, `plain.length + tagBytes` long. */
export async function sealSegment(key: ObjectKey, segment: Segment, plain: Buffer): Promise<Buffer> {
  const additionalData = associatedData(objectKinds[key.kind], segment);
  const iv = nonceOf(segment);
  if (plain.length >= poolBytesMin) {
    return Buffer.from(
      await webcrypto.subtle.encrypt(
        { name: 'AES-GCM', iv, additionalData },
        await key.pooled(),
        plain as Uint8Array<ArrayBuffer>,
      ),
    );
  }
  return Buffer.concat(sealNow(key, segment, [plain]));
}

/** The same in this thread, as parts, from parts. */
export function sealNow(key: ReadyKey, segment: Segment, plain: readonly Uint8Array[]): Buffer[] {
  const cipher = cipherFor(key, segment);
  return [...plain.map((part) => cipher.update(part)), cipher.final(), cipher.getAuthTag()];
}

/** What a cipher gives at once: large enough to be quick, and small enough to stay where a processor has it at hand. */
const sealedAtOnce = 128 * 2 ** 10;

/** As `sealNow`, into the start of `into`, where it is put piece by piece; returns how many bytes it is. `into` has room for `tagBytes` more than the plain bytes. */
export const sealInto = (key: ReadyKey, segment: Segment, plain: readonly Uint8Array[], into: Uint8Array): number =>
  sealWith(cipherFor(key, segment), plain, into);

/** What seals this segment, once: for who is in a hurry when its bytes come. */
export function cipherFor(key: ReadyKey, segment: Segment): CipherGCM {
  const cipher = createCipheriv('aes-256-gcm', key.raw, nonceOf(segment, keptNonce));
  cipher.setAAD(associatedData(objectKinds[key.kind], segment, keptData));
  return cipher;
}

/** `sealInto` with a cipher that nothing was sealed with. */
export function sealWith(cipher: CipherGCM, plain: readonly Uint8Array[], into: Uint8Array): number {
  let end = 0;
  const add = (sealed: Buffer): void => {
    into.set(sealed, end);
    end += sealed.length;
    free(sealed);
  };
  for (const part of plain)
    if (part.length <= sealedAtOnce) add(cipher.update(part));
    else
      for (let at = 0; at < part.length; at += sealedAtOnce) add(cipher.update(part.subarray(at, at + sealedAtOnce)));
  // A stream cipher has nothing left for `final`.
  cipher.final();
  add(cipher.getAuthTag());
  return end;
}

/** `openSegment` in this thread. */
export function openNow(key: ReadyKey, segment: Segment, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key.raw, nonceOf(segment), { authTagLength: tagBytes });
  decipher.setAAD(associatedData(objectKinds[key.kind], segment));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  // A stream cipher has nothing left for `final`: it only judges the tag.
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
    return plain;
  } catch {
    // A tag that does not match; the caller names the object.
    return undefined;
  }
}

/** The plain bytes, or `undefined` if the sealed ones are not what was sealed as this segment. */
export async function openSegment(key: ObjectKey, segment: Segment, sealed: Buffer): Promise<Buffer | undefined> {
  if (sealed.length < tagBytes) return undefined;
  const additionalData = associatedData(objectKinds[key.kind], segment);
  const iv = nonceOf(segment);
  try {
    if (sealed.length >= poolBytesMin) {
      return Buffer.from(
        await webcrypto.subtle.decrypt(
          { name: 'AES-GCM', iv, additionalData },
          await key.pooled(),
          sealed as Uint8Array<ArrayBuffer>,
        ),
      );
    }
    return openNow(key, segment, sealed);
  } catch {
    // Both ciphers report a tag that does not match by throwing; the caller names the object.
    return undefined;
  }
}

/** A whole object that holds one document: header, one segment, hash. */
export async function sealDocument(
  bundle: KeyBundle,
  kind: SealedKind,
  name: string,
  salt: Buffer,
  plain: Buffer,
): Promise<Buffer> {
  assert(plain.length <= limits.documentBytesMax, 'a document is within its bound');
  const epoch = bundle.epoch;
  const key = objectKey(bundle, kind, name, epoch, salt);
  assert(key !== undefined, 'the current epoch has a master key');
  const packed = zstdCompressSync(plain);
  const body =
    packed.length < plain.length ? Buffer.concat([Buffer.of(1), packed]) : Buffer.concat([Buffer.of(0), plain]);
  const sealed = await sealSegment(key, { what: 'document', number: 0, last: true }, body);
  const bytes = Buffer.concat([encodeHeader({ kind, epoch, salt }), sealed]);
  return Buffer.concat([bytes, sha256(bytes)]);
}

/** The document inside an object. Throws `repository.damaged`, `repository.version`. */
export async function openDocument(bundle: KeyBundle, kind: SealedKind, name: string, bytes: Buffer): Promise<Buffer> {
  if (bytes.length === 0) throw damaged(name, 'the object is empty');
  if (bytes.length > limits.documentBytesMax)
    throw damaged(name, `the object is ${bytes.length} bytes long, more than any of its kind`);
  if (bytes.length < headerBytes + 1 + tagBytes + hashBytes)
    throw damaged(name, `the object is ${bytes.length} bytes long, too short to be whole`);
  requireHash(bytes, name);
  const header = decodeHeader(bytes, name, kind);
  const key = objectKey(bundle, kind, name, header.epoch, header.salt);
  if (key === undefined)
    throw damaged(
      name,
      `the object is sealed under key epoch ${header.epoch}, which the repository's key does not hold`,
    );
  const sealed = bytes.subarray(headerBytes, -hashBytes);
  const body = await openSegment(key, { what: 'document', number: 0, last: true }, sealed);
  if (body === undefined)
    throw damaged(name, 'the object does not decrypt: it is changed, or another object under this name');
  return decodeBody(body, name);
}

/** Throws `repository.damaged` unless the last 32 bytes are the SHA-256 of all before. Needs no key. */
export function requireHash(bytes: Buffer, name: string): void {
  const whole =
    bytes.length > hashBytes && timingSafeEqual(sha256(bytes.subarray(0, -hashBytes)), bytes.subarray(-hashBytes));
  if (!whole) throw damaged(name, `the hash at its end does not match its ${bytes.length} bytes`);
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

export function decodeBody(body: Buffer, name: string, bytesMax: number = limits.documentBytesMax): Buffer {
  if (body[0] === 0) return body.subarray(1);
  try {
    if (body[0] === 1) return zstdDecompressSync(body.subarray(1), { maxOutputLength: bytesMax });
  } catch (error) {
    throw damaged(name, 'the document does not decompress', error);
  }
  throw damaged(name, `the document uses the unknown compression ${body[0]}`);
}
