import { createHash, createSecretKey, hash, type CipherGCM } from 'node:crypto';
import { assert, limits } from '../../core/index.ts';
import { damaged } from '../damage.ts';
import {
  cipherFor,
  decodeHeader,
  encodeHeader,
  freshSalt,
  hashBytes,
  headerBytes,
  objectKey,
  openNow,
  sealWith,
  sha256,
  tagBytes,
  type ReadyKey,
} from '../format/seal.ts';
import type { Segment } from '../format/segment.ts';
import type { KeyBundle } from '../keys/keys.ts';

/** docs/FORMAT.md, "Growing pieces". A frame: length of what is sealed u32 ‖ sealed (length of the marks u32 ‖ marks ‖ bytes) ‖ hash. */
const lengthBytes = 4;
const sealedBytesMax = lengthBytes + limits.logMarksBytesMax + limits.logFrameBytesMax + tagBytes;
const frameBytesMax = lengthBytes + sealedBytesMax + hashBytes;
/** Frames may be of a commit each: with so many another piece is begun, so that one is never much longer than what it holds. */
export const framesMax = 200_000;
/** A piece within its bound whose frames are small; who finds a longer object looks no further. */
export const growingObjectBytesMax =
  headerBytes + limits.logPieceBytesMax + 2 ** 20 + framesMax * (2 * lengthBytes + tagBytes + hashBytes + 256);

export const frameBytesOf = (marks: Uint8Array, bytes: Uint8Array): number =>
  2 * lengthBytes + marks.length + bytes.length + tagBytes + hashBytes;

const segmentOf = (number: number): Segment => ({ what: 'document', number, last: false });

export interface Frame {
  readonly marks: Buffer;
  readonly bytes: Buffer;
}

/**
 * Seals frames of one growing piece and hands each to who stores it, in order, one at a time. Each number is used once: behind a frame that was not stored, or of
 * which nobody knows, nothing more is sealed, and what comes stands in another piece. Thousands a second: what is made on the way is made once, or given back at
 * once, because the garbage collector would take more time for it than all of the work.
 */
export class FrameSealer {
  readonly salt = freshSalt();
  readonly head: Buffer;
  readonly #bundle: KeyBundle;
  #key: ReadyKey | undefined;
  #hash: Buffer;
  #number = 0;
  /** The hash of the frame before, and the frame that was sealed last: what a hash is of lies together. */
  #room = Buffer.alloc(0);
  /** Of the next frame, if it was prepared. */
  #cipher: CipherGCM | undefined;
  /** What was sealed last, before it was. */
  #plain = Buffer.alloc(0);
  /** Of the frame that was sealed last. */
  #state: 'stored' | 'storing' | 'lost' = 'stored';

  constructor(bundle: KeyBundle) {
    this.#bundle = bundle;
    this.head = encodeHeader({ kind: 'log', epoch: bundle.epoch, salt: this.salt });
    this.#hash = sha256(this.head);
  }

  /** The key is bound to the name, which holds the salt. */
  name(name: string): void {
    const key = objectKey(this.#bundle, 'log', name, this.#bundle.epoch, this.salt);
    assert(key !== undefined, 'the current epoch has a master key');
    this.#key = readied(key.raw);
  }

  get frames(): number {
    return this.#number;
  }

  /** A frame is under way: its memory may be read. */
  get isStoring(): boolean {
    return this.#state === 'storing';
  }

  /** A frame was not stored: no other one follows it. */
  get isOver(): boolean {
    return this.#state === 'lost';
  }

  /** For whoever has a moment before the next frame comes: commits wait for that one. */
  prepare(): void {
    if (this.#key !== undefined) this.#cipher ??= cipherFor(this.#key, segmentOf(this.#number));
  }

  /** The frame is right until `store` has ended, whose answer is given; throws what it throws. */
  async seal<T>(marks: Buffer, bytes: Uint8Array, store: (frame: Buffer) => Promise<T>): Promise<T> {
    const frame = this.#begin(marks, bytes);
    try {
      const stored = await store(frame);
      this.#state = 'stored';
      return stored;
    } finally {
      this.#loseUnlessStored();
    }
  }

  /** As `seal`, in this turn. */
  sealNow(marks: Buffer, bytes: Uint8Array, store: (frame: Buffer) => void): void {
    const frame = this.#begin(marks, bytes);
    try {
      store(frame);
      this.#state = 'stored';
    } finally {
      this.#loseUnlessStored();
    }
  }

  #begin(marks: Buffer, bytes: Uint8Array): Buffer {
    assert(this.#state === 'stored', 'a frame is sealed when the one before it is stored');
    // Also what fails on the way has used the number.
    this.#state = 'lost';
    const frame = this.#seal(marks, bytes);
    this.#state = 'storing';
    return frame;
  }

  #loseUnlessStored(): void {
    if (this.#state !== 'stored') this.#state = 'lost';
  }

  #seal(marks: Buffer, bytes: Uint8Array): Buffer {
    const key = this.#key;
    assert(key !== undefined, 'the piece has a name');
    assert(bytes.length <= limits.logFrameBytesMax, 'a frame is within its bound');
    assert(marks.length <= limits.logMarksBytesMax, 'the marks of a frame are within their bound');
    const plainBytes = lengthBytes + marks.length + bytes.length;
    this.#makeRoom(plainBytes);
    // One call for all of it: each takes longer than to seal a commit.
    const plain = this.#plain.subarray(0, plainBytes);
    plain.writeUInt32BE(marks.length);
    plain.set(marks, lengthBytes);
    plain.set(bytes, lengthBytes + marks.length);
    const room = this.#room.subarray(0, hashBytes + lengthBytes + plainBytes + tagBytes + hashBytes);
    room.set(this.#hash);
    const sealedStart = room.writeUInt32BE(plainBytes + tagBytes, hashBytes);
    const cipher = this.#cipher ?? cipherFor(key, segmentOf(this.#number));
    this.#cipher = undefined;
    const end = sealedStart + sealWith(cipher, [plain], room.subarray(sealedStart));
    this.#number += 1;
    this.#hash = hash('sha256', room.subarray(0, end), 'buffer');
    room.set(this.#hash, end);
    return room.subarray(hashBytes);
  }

  #makeRoom(plainBytes: number): void {
    if (this.#plain.length >= plainBytes) return;
    const bytes = 2 ** Math.ceil(Math.log2(plainBytes));
    this.#plain = Buffer.allocUnsafeSlow(bytes);
    this.#room = Buffer.allocUnsafeSlow(bytes + lengthBytes + tagBytes + 2 * hashBytes);
  }
}

/**
 * The frames of a growing piece, as far as they are whole. What was being added when its writer died is cut off and no damage. `damage`: a frame
 * that was whole once and is not any more; the frames before it are right. Throws `repository.damaged`, `repository.version`.
 */
export function openGrowing(
  bundle: KeyBundle,
  name: string,
  object: Buffer,
): { frames: Frame[]; damage: string | undefined } {
  const header = headerOf(name, object);
  const key = objectKey(bundle, 'log', name, header.epoch, header.salt);
  if (key === undefined)
    throw damaged(name, `the object is sealed under key epoch ${header.epoch}, which the key does not hold`);
  const ready = readied(key.raw);
  const { ends, damage } = wholeFrames(object);
  const frames: Frame[] = [];
  let at = headerBytes;
  for (const [number, end] of ends.entries()) {
    const plain = openNow(ready, segmentOf(number), object.subarray(at + lengthBytes, end - hashBytes));
    const marksBytes = plain === undefined || plain.length < lengthBytes ? undefined : plain.readUInt32BE(0);
    if (plain === undefined || marksBytes === undefined || marksBytes > plain.length - lengthBytes)
      return { frames, damage: `frame ${number} does not decrypt: it is changed, or of another object` };
    const marksEnd = lengthBytes + marksBytes;
    frames.push({ marks: plain.subarray(lengthBytes, marksEnd), bytes: plain.subarray(marksEnd) });
    at = end;
  }
  return { frames, damage };
}

/** How far the object is whole by its own hashes: for who has no key. Throws `repository.damaged`, `repository.version`. */
export function growingWholeBytes(name: string, object: Buffer): number {
  headerOf(name, object);
  const { ends, damage } = wholeFrames(object);
  if (damage !== undefined) throw damaged(name, damage);
  return ends.at(-1) ?? headerBytes;
}

function headerOf(name: string, object: Buffer): ReturnType<typeof decodeHeader> {
  if (object.length > growingObjectBytesMax)
    throw damaged(name, `the object has more than ${growingObjectBytesMax} bytes`);
  const header = decodeHeader(object, name, 'log');
  if (!name.endsWith(`.${header.salt.toString('hex')}`))
    throw damaged(name, 'its salt is not its name: one object stands in the place of another');
  return header;
}

/** Where the whole frames end. */
function wholeFrames(object: Buffer): { ends: number[]; damage: string | undefined } {
  const ends: number[] = [];
  let at = headerBytes;
  let before: Uint8Array = sha256(object.subarray(0, headerBytes));
  for (;;) {
    const end = frameEnd(object, at, before);
    if (end === undefined) break;
    before = object.subarray(end - hashBytes, end);
    ends.push(end);
    at = end;
  }
  // Frames were written one after the other, each when the one before was durable: behind a torn one there is nothing.
  const claimed = claimedEnd(object, at);
  const goesOn =
    claimed !== undefined && frameEnd(object, claimed, object.subarray(claimed - hashBytes, claimed)) !== undefined;
  const isBeyond = object.subarray(at + frameBytesMax).some((byte) => byte !== 0);
  return { ends, damage: goesOn || isBeyond ? `frame ${ends.length} is not what was written` : undefined };
}

function frameEnd(object: Buffer, at: number, hashBefore: Uint8Array): number | undefined {
  const end = claimedEnd(object, at);
  if (end === undefined) return undefined;
  const due = chained(hashBefore, object.subarray(at, end - hashBytes));
  return due.equals(object.subarray(end - hashBytes, end)) ? end : undefined;
}

/** By the length that it states, which may be torn. */
function claimedEnd(object: Buffer, at: number): number | undefined {
  if (at + lengthBytes > object.length) return undefined;
  const sealed = object.readUInt32BE(at);
  const end = at + lengthBytes + sealed + hashBytes;
  return sealed >= lengthBytes + tagBytes && sealed <= sealedBytesMax && end <= object.length ? end : undefined;
}

const readied = (raw: Uint8Array): ReadyKey => ({ kind: 'log', raw: createSecretKey(raw) });

const chained = (before: Uint8Array, frame: Buffer): Buffer =>
  createHash('sha256').update(before).update(frame).digest();
