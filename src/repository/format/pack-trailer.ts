import { isLifeboatError } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';
import { damaged } from '../damage.ts';
import type { KeyBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import { decodeRecords, footerBytes, packObjectBytesMax, type IndexedPack } from './pack-format.ts';
import { decodeHeader, hashBytes, headerBytes, objectKey, openSegment, tagBytes, type ObjectHeader } from './seal.ts';

/** What a pack says of itself, by its trailer alone. Throws `repository.damaged`, `store.missing`. */
export async function readTrailer(
  store: Store,
  bundle: KeyBundle,
  object: StoredObject,
  id: string,
): Promise<IndexedPack> {
  const { name, bytes } = object;
  requirePackSize(bytes, name);
  const head = await store.get(name, { range: { offset: 0, length: headerBytes } });
  const footer = await store.get(name, { range: { offset: bytes - footerBytes, length: footerBytes } });
  if (footer.length !== footerBytes) throw damaged(name, 'the object ends before its listed size');
  const trailerBytes = trailerBytesOf(footer, bytes, name);
  const start = bytes - footerBytes - trailerBytes;
  const sealed = await store.get(name, { range: { offset: start, length: trailerBytes } });
  return openTrailer(bundle, id, head, sealed, { bytes, sha256: Buffer.from(footer.subarray(4)) });
}

/** The same from the bytes of the whole pack. */
export function trailerOf(bundle: KeyBundle, id: string, bytes: Buffer): Promise<IndexedPack> {
  const name = packName(id);
  requirePackSize(bytes.length, name);
  const footer = bytes.subarray(-footerBytes);
  const start = bytes.length - footerBytes - trailerBytesOf(footer, bytes.length, name);
  const size = { bytes: bytes.length, sha256: Buffer.from(bytes.subarray(-hashBytes)) };
  return openTrailer(bundle, id, bytes.subarray(0, headerBytes), bytes.subarray(start, -footerBytes), size);
}

async function openTrailer(
  bundle: KeyBundle,
  id: string,
  head: Buffer,
  sealed: Buffer,
  size: { bytes: number; sha256: Buffer },
): Promise<IndexedPack> {
  const name = packName(id);
  const header = headerOf(head, name);
  if (header.salt.toString('hex') !== id)
    throw damaged(name, 'its salt is not its name: one object stands in the place of another');
  const key = objectKey(bundle, 'pack', name, header.epoch, header.salt);
  if (key === undefined)
    throw damaged(name, `it is sealed under key epoch ${header.epoch}, which the repository's key does not hold`);
  // The trailer's segment number is the number of chunks, which its length tells.
  const count = (sealed.length - tagBytes - 4) / 44;
  if (!Number.isInteger(count) || count < 0)
    throw damaged(name, `its trailer is ${sealed.length} bytes long, which cannot be`);
  const plain = await openSegment(key, { what: 'trailer', number: count, last: true }, sealed);
  if (plain === undefined) throw damaged(name, 'its trailer does not decrypt');
  const { chunks, end } = decodeRecords(plain, 0, size.bytes, name);
  if (end !== plain.length) throw damaged(name, 'bytes follow the list of its trailer');
  return { pack: { id, epoch: header.epoch, ...size }, chunks };
}

/**
 * One changed bit can tell of another version, and no hash of the whole object speaks against it here: it must not keep anybody
 * from what lies in other packs.
 */
function headerOf(head: Buffer, name: string): ObjectHeader {
  try {
    return decodeHeader(head, name, 'pack');
  } catch (error) {
    if (!isLifeboatError(error, 'repository.version')) throw error;
    throw damaged(name, `its header says format version ${head[8]}, which no pack of this repository has`, error);
  }
}

function requirePackSize(bytes: number, name: string): void {
  if (bytes === 0) throw damaged(name, 'the object is empty');
  const least = headerBytes + 4 + tagBytes + footerBytes;
  if (bytes < least || bytes > packObjectBytesMax)
    throw damaged(name, `the object is ${bytes} bytes long, which no pack is`);
}

function trailerBytesOf(footer: Buffer, bytes: number, name: string): number {
  const trailerBytes = footer.readUInt32BE(0);
  if (trailerBytes > bytes - footerBytes - headerBytes)
    throw damaged(name, `its footer tells of a trailer of ${trailerBytes} bytes`);
  return trailerBytes;
}
