import { createHmac, timingSafeEqual } from 'node:crypto';
import { afterName, dataOf, nameBytes, recordTypes, words, type RecordType } from './dns-bytes.ts';

/** The secret that a server and those who may change its zone share (RFC 8945). */
export interface SharedKey {
  readonly name: string;
  readonly algorithm: 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
  readonly secret: Buffer;
}

/** A change of one set of records, done only if it still says what it said (RFC 2136, section 2.4). */
export interface RecordChange {
  readonly zone: string;
  readonly name: string;
  readonly type: RecordType;
  readonly ttlSeconds: number;
  /** What must be there now; empty: nothing of this type. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

const classes = { in: 1, none: 254, any: 255 } as const;
const startOfAuthority = 6;
const signatureType = 250;
const updateCode = 5;
/** Clocks of two machines may differ by so much (the value that RFC 8945 recommends). */
const fudgeSeconds = 300;
const headerBytes = 12;

/** The bytes of an update without its signature. */
export function encodeUpdate(id: number, change: RecordChange): Buffer {
  const { zone, name, type, from, to } = change;
  const set = { name, type: recordTypes[type] };
  const empty = Buffer.alloc(0);
  const expected =
    from.length === 0
      ? [recordBytes({ ...set, class: classes.none, ttl: 0, data: sized(empty) })]
      : from.map((value) => recordBytes({ ...set, class: classes.in, ttl: 0, data: sized(dataOf(type, value)) }));
  const removed = from.length === 0 ? [] : [recordBytes({ ...set, class: classes.any, ttl: 0, data: sized(empty) })];
  const added = to.map((value) =>
    recordBytes({ ...set, class: classes.in, ttl: change.ttlSeconds, data: sized(dataOf(type, value)) }),
  );
  const header = Buffer.alloc(headerBytes);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(updateCode << 11, 2);
  [1, expected.length, removed.length + added.length, 0].forEach((count, index) =>
    header.writeUInt16BE(count, 4 + 2 * index),
  );
  return Buffer.concat([
    header,
    nameBytes(zone),
    words(startOfAuthority, classes.in),
    ...expected,
    ...removed,
    ...added,
  ]);
}

/** The message with its signature, and the signature, which the answer's depends on. */
export function sign(message: Buffer, key: SharedKey, atMs: number): { signed: Buffer; mac: Buffer } {
  const facts = { key, seconds: Math.floor(atMs / 1000), error: 0, other: Buffer.alloc(0) };
  const mac = digest([message, variables(facts)], key);
  const signed = Buffer.concat([message, signatureRecord(facts, mac, message.readUInt16BE(0))]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { signed, mac };
}

/** What a server answered: 0 is done. `genuine` says whether the answer bears the signature of the shared key. */
export function readAnswer(
  answer: Buffer,
  id: number,
  signedWith?: { key: SharedKey; mac: Buffer; atMs: number },
): { code: number; genuine: boolean } {
  const own = answer.length >= headerBytes && answer.readUInt16BE(0) === id && (answer.readUInt16BE(2) & 0x8000) !== 0;
  if (!own) return { code: -1, genuine: false };
  const code = answer.readUInt16BE(2) & 0xf;
  return { code, genuine: signedWith === undefined || isGenuine(answer, signedWith) };
}

function isGenuine(answer: Buffer, { key, mac, atMs }: { key: SharedKey; mac: Buffer; atMs: number }): boolean {
  const last = lastRecord(answer);
  if (last === undefined || last.type !== signatureType) return false;
  const { data, start } = last;
  let offset = afterName(data, 0);
  const seconds = data.readUIntBE(offset, 6);
  const size = data.readUInt16BE(offset + 8);
  const theirs = data.subarray(offset + 10, offset + 10 + size);
  offset += 10 + size;
  const [original, error] = [data.readUInt16BE(offset), data.readUInt16BE(offset + 2)];
  const other = data.subarray(offset + 6);
  const unsigned = Buffer.from(answer.subarray(0, start));
  unsigned.writeUInt16BE(original, 0);
  unsigned.writeUInt16BE(answer.readUInt16BE(10) - 1, 10);
  const ours = digest([sized(mac), unsigned, variables({ key, seconds, error, other })], key);
  const isRecent = Math.abs(seconds - atMs / 1000) <= fudgeSeconds;
  return isRecent && theirs.length === ours.length && timingSafeEqual(theirs, ours);
}

/** The last record of a message; undefined when the message has none or is cut. */
function lastRecord(message: Buffer): { type: number; start: number; data: Buffer } | undefined {
  const [questions = 0, ...records] = [4, 6, 8, 10].map((at) => message.readUInt16BE(at));
  let last: { type: number; start: number; data: Buffer } | undefined;
  let offset = headerBytes;
  try {
    for (let left = questions; left > 0; left -= 1) offset = afterName(message, offset) + 4;
    for (let left = records.reduce((sum, count) => sum + count, 0); left > 0; left -= 1) {
      const start = offset;
      const fixed = afterName(message, offset);
      const end = fixed + 10 + message.readUInt16BE(fixed + 8);
      last = { type: message.readUInt16BE(fixed), start, data: message.subarray(fixed + 10, end) };
      offset = end;
    }
    return offset === message.length ? last : undefined;
  } catch {
    return undefined; // it ends in the middle: then it bears no signature that counts
  }
}

interface Signing {
  readonly key: SharedKey;
  readonly seconds: number;
  readonly error: number;
  readonly other: Buffer;
}

function variables({ key, seconds, error, other }: Signing): Buffer {
  const time = Buffer.alloc(6);
  time.writeUIntBE(seconds, 0, 6);
  const head = [nameBytes(key.name.toLowerCase()), words(classes.any), Buffer.alloc(4), nameBytes(key.algorithm)];
  return Buffer.concat([...head, time, words(fudgeSeconds, error, other.length), other]);
}

function signatureRecord({ key, seconds }: Signing, mac: Buffer, id: number): Buffer {
  const time = Buffer.alloc(6);
  time.writeUIntBE(seconds, 0, 6);
  const data = Buffer.concat([nameBytes(key.algorithm), time, words(fudgeSeconds), sized(mac), words(id, 0, 0)]);
  return recordBytes({ name: key.name, type: signatureType, class: classes.any, ttl: 0, data: sized(data) });
}

const digest = (parts: readonly Buffer[], { algorithm, secret }: SharedKey): Buffer =>
  createHmac(algorithm.replace('hmac-', ''), secret).update(Buffer.concat(parts)).digest();

/** `data` bears its length. */
function recordBytes(record: { name: string; type: number; class: number; ttl: number; data: Buffer }): Buffer {
  const ttl = Buffer.alloc(4);
  ttl.writeUInt32BE(record.ttl);
  return Buffer.concat([nameBytes(record.name), words(record.type, record.class), ttl, record.data]);
}

const sized = (bytes: Buffer): Buffer => Buffer.concat([words(bytes.length), bytes]);
