import { createHash } from 'node:crypto';
import { encodeHeader, hashBytes, sealInto, tagBytes, type RawKey } from '../../format/seal.ts';
import { packNow, packQuicklyNow } from '../../format/zstd.ts';
import { dataSegment, marksSegment, marksStart } from './log-segments.ts';

/** An object of a log that is to be sealed, as plain data: a thread can be given it. */
export interface LogSealing {
  /** The object's own key, of this salt. */
  readonly key: Uint8Array;
  readonly epoch: number;
  readonly salt: Uint8Array;
  readonly marks: Uint8Array;
  readonly bytes: Uint8Array;
  /** Another object will soon stand in its place: packed twice, it may be a little larger for less processor time. */
  readonly isPassing: boolean;
}

/** What the object takes where nothing packs; what does, takes less. */
export const sealedLogBytesMax = ({ marks, bytes }: Pick<LogSealing, 'marks' | 'bytes'>): number =>
  marksStart + marks.length + tagBytes + 1 + bytes.length + tagBytes + hashBytes;

/**
 * Seals the object in this thread, into the start of `into` (`sealedLogBytesMax` bytes), and returns how long it is. All that is made on the way lies in
 * memory that is kept: a stream does this all day, beside a server that needs the processor.
 */
export function sealLogNow({ key, epoch, salt, marks, bytes, isPassing }: LogSealing, into: Buffer): number {
  const ownKey: RawKey = { kind: 'log', raw: key };
  into.set(encodeHeader({ kind: 'log', epoch, salt: Buffer.from(salt) }));
  const markBytes = sealInto(ownKey, marksSegment, [marks], into.subarray(marksStart));
  into.writeUInt32BE(markBytes, marksStart - 4);
  let end = marksStart + markBytes;
  const packed = isPassing ? packQuicklyNow(bytes) : packNow(bytes);
  const body = packed.length < bytes.length ? [zstdMethod, packed] : [rawMethod, bytes];
  end += sealInto(ownKey, dataSegment, body, into.subarray(end));
  const hash = createHash('sha256').update(into.subarray(0, end)).digest();
  into.set(hash, end);
  return end + hash.length;
}

const [rawMethod, zstdMethod] = [Uint8Array.of(0), Uint8Array.of(1)];
