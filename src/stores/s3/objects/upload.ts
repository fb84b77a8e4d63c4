import { LifeboatError, limits } from '../../../core/index.ts';
import { sha256Of, type Client } from '../transport/client.ts';
import { readXml, textAt, writeXml } from '../transport/xml.ts';
import { refusalError, refusalOf } from '../transport/errors.ts';
import { atOnce, repeatPart } from './repeat.ts';

/** What the servers take in one request at most. */
const singleBytesMax = 5 * 2 ** 30;
const partsMax = 10_000;

export interface Upload {
  readonly key: string;
  readonly parts: readonly Uint8Array[];
  readonly ifAbsent: boolean;
  /** Of the object: class, encryption, lock. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Stores an object, in one request where it is small or must be created once: a condition on joining parts is ignored by servers that
 * heed it on a whole object. The signature covers the SHA-256 of the bytes, so that a server stores what was sent or refuses.
 */
export async function upload(client: Client, asked: Upload): Promise<void> {
  const bytes = asked.parts.reduce((total, part) => total + part.length, 0);
  if (bytes > singleBytesMax && asked.ifAbsent) throw tooLarge(client.where(asked.key), bytes);
  if (bytes > 2 * limits.storePartBytes && !asked.ifAbsent) return uploadInParts(client, asked, bytes);
  const { key, parts, headers, signal } = asked;
  const hash = sha256Of(parts);
  await client.send({
    method: 'PUT',
    key,
    body: parts,
    bodySha256: hash.toString('hex'),
    headers: {
      ...headers,
      ...checksumFor(headers, hash),
      ...(asked.ifAbsent ? { 'if-none-match': '*' } : {}),
    },
    signal,
  });
}

/** Servers want a checksum of its own beside a lock. */
const checksumFor = (headers: Readonly<Record<string, string>>, hash: Buffer): Record<string, string> =>
  headers['x-amz-object-lock-mode'] === undefined
    ? {}
    : { 'x-amz-sdk-checksum-algorithm': 'SHA256', 'x-amz-checksum-sha256': hash.toString('base64') };

async function uploadInParts(client: Client, asked: Upload, bytes: number): Promise<void> {
  const { key, headers, signal } = asked;
  const begun = await client.send({ method: 'POST', key, query: { uploads: '' }, headers, signal });
  const id = textAt(readXml(begun.body, client.where(key)).content, 'UploadId');
  if (id === undefined || id === '') throw nonsense(client.where(key), 'it names no upload');
  try {
    const pieces = cut(asked.parts, Math.max(limits.storePartBytes, Math.ceil(bytes / partsMax)));
    const tags: string[] = [];
    const works = pieces.map((piece, at) => async () => {
      tags[at] = await repeatPart(client.clock, signal, () => uploadPart(client, asked, id, at + 1, piece));
    });
    await atOnce(works, limits.storePartsAtOnce);
    await join(client, asked, id, tags);
  } catch (error) {
    // Without it the parts would be paid for until a rule of the bucket removes them; no more can be done here.
    await client.send({ method: 'DELETE', key, query: { uploadId: id } }).catch(() => {});
    throw error;
  }
  await expectSize(client, key, bytes);
}

async function uploadPart(
  client: Client,
  { key, signal }: Upload,
  id: string,
  number: number,
  body: readonly Uint8Array[],
): Promise<string> {
  const query = { partNumber: String(number), uploadId: id };
  const { headers } = await client.send({ method: 'PUT', key, query, body, signal });
  if (typeof headers.etag !== 'string') throw nonsense(client.where(key), `it gives no tag for part ${number}`);
  return headers.etag;
}

/** The answer may begin with 200 before the server knows how it ends: only its body tells. */
async function join(client: Client, { key, signal }: Upload, id: string, tags: readonly string[]): Promise<void> {
  const where = client.where(key);
  const Part = tags.map((ETag, at) => ({ PartNumber: at + 1, ETag }));
  const body = Buffer.from(writeXml({ CompleteMultipartUpload: { Part } }));
  const answer = await client.send({ method: 'POST', key, query: { uploadId: id }, body: [body], signal });
  const { root } = readXml(answer.body, where);
  if (root === 'Error') throw refusalError({ ...refusalOf(500, answer.body, where) }, where);
  if (root !== 'CompleteMultipartUploadResult') throw nonsense(where, `it says ${root}`);
}

async function expectSize(client: Client, key: string, bytes: number): Promise<void> {
  const { headers } = await client.send({ method: 'HEAD', key });
  if (Number(headers['content-length']) === bytes) return;
  throw new LifeboatError(
    'store.io',
    `the store joined the parts to ${headers['content-length']} bytes instead of ${bytes}`,
    {
      where: client.where(key),
    },
  );
}

/** The same bytes in pieces of one size, nothing copied. */
function cut(parts: readonly Uint8Array[], size: number): Uint8Array[][] {
  const pieces: Uint8Array[][] = [[]];
  let room = size;
  for (const part of parts) {
    for (let at = 0; at < part.length;) {
      if (room === 0) {
        pieces.push([]);
        room = size;
      }
      const taken = part.subarray(at, at + room);
      (pieces.at(-1) as Uint8Array[]).push(taken);
      at += taken.length;
      room -= taken.length;
    }
  }
  return pieces;
}

const nonsense = (where: string, why: string): LifeboatError =>
  new LifeboatError('store.io', `the server answered an upload with something else: ${why}`, { where });

const tooLarge = (where: string, bytes: number): LifeboatError =>
  new LifeboatError('limit.exceeded', `an object of ${bytes} bytes cannot be created in one request`, { where });
