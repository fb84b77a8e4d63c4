import { LifeboatError } from '../../../core/index.ts';
import { Crc32c } from '../crc32c.ts';
import { lsnText } from '../lsn.ts';

const pageBytes = 8192;
const longHeader = 40;
const shortHeader = 24;
const recordHeader = 24;
/** Of a record's header, what its checksum covers after the body. */
const summedHeader = 20;
const resourceLog = 0;
const resourceTablespace = 5;

/**
 * Takes the place out of each record of a whole segment that makes a tablespace, in the same bytes: replayed as it was written it would link the
 * copy to that place, and where the source runs on this machine the copy would write over the source's files. Without a place the server makes
 * a plain folder inside the copy. `start` is the segment's position. Returns how many there were.
 * Throws `asset.unsupported` for one that goes on in the next segment.
 */
export function keepTablespacesInside(segment: Buffer, start: bigint): number {
  let kept = 0;
  for (const { at, bytes, kind, info } of recordsOf(segment, start)) {
    if (kind !== resourceTablespace || (info & 0xf0) !== 0) continue;
    const record = new Record(segment, at, bytes);
    if (record.isCut) {
      throw new LifeboatError(
        'asset.unsupported',
        `a tablespace was made at ${lsnText(start + BigInt(at))}, in a record that two segments of the log share`,
        { hint: 'Name a target before it, or restore from a point that was taken after it.' },
      );
    }
    if (record.forgetPlace()) kept += 1;
  }
  return kept;
}

interface Found {
  readonly at: number;
  readonly bytes: number;
  readonly kind: number;
  readonly info: number;
}

/** Each record up to where the log ends. */
function* recordsOf(segment: Buffer, start: bigint): Generator<Found, void, void> {
  if (!isPage(segment, 0, start)) return;
  // The rest of a record that began in the segment before.
  let at = aligned(skip(segment, longHeader, segment.readUInt32LE(16)));
  while (at < segment.length) {
    if (at % pageBytes === 0) {
      if (!isPage(segment, at, start)) return;
      at += shortHeader;
    }
    const bytes = segment.readUInt32LE(at);
    if (bytes < recordHeader) return;
    const info = byteOf(segment, at, 16);
    const kind = byteOf(segment, at, 17);
    yield { at, bytes, kind, info };
    // The rest of the segment behind a switch is empty.
    if (kind === resourceLog && (info & 0xf0) === 0x40) return;
    at = aligned(skip(segment, at, bytes));
  }
}

/** One record, whose bytes may stand on several pages. */
class Record {
  readonly #segment: Buffer;
  readonly #at: number;
  readonly #bytes: number;

  constructor(segment: Buffer, at: number, bytes: number) {
    this.#segment = segment;
    this.#at = at;
    this.#bytes = bytes;
  }

  get isCut(): boolean {
    return skip(this.#segment, this.#at, this.#bytes) > this.#segment.length;
  }

  /** Whether it had one. A record whose checksum is wrong is none yet: the server ends before it. */
  forgetPlace(): boolean {
    const record = gather(this.#segment, this.#at, this.#bytes);
    if (sumOf(record) !== record.toString('hex', summedHeader, recordHeader)) return false;
    const data = dataOf(record);
    // The number of the tablespace, then the place, which a zero ends.
    if (data === undefined || data.length < 6 || data[4] === 0) return false;
    data.fill(0, 4);
    record.write(sumOf(record), summedHeader, 'hex');
    scatter(this.#segment, this.#at, record);
    return true;
  }
}

/** The record's own data, behind what says how long it is; records of this kind touch no blocks. */
function dataOf(record: Buffer): Buffer | undefined {
  for (let at = recordHeader; at < record.length;) {
    const id = record[at];
    if (id === 0xff) return record.subarray(at + 2);
    if (id === 0xfe) return record.subarray(at + 5);
    if (id === 0xfd) at += 3;
    else if (id === 0xfc) at += 5;
    else return undefined;
  }
  return undefined;
}

function sumOf(record: Buffer): string {
  const sum = new Crc32c();
  sum.update(record.subarray(recordHeader));
  sum.update(record.subarray(0, summedHeader));
  return sum.hex();
}

/** A page that was written for this place, and not in an earlier use of the file. */
const isPage = (segment: Buffer, at: number, start: bigint): boolean =>
  at + shortHeader <= segment.length && segment.readBigUInt64LE(at + 8) === start + BigInt(at);

const aligned = (at: number): number => (at + 7) & ~7;

/** The place so many bytes of content further on. It may lie behind the segment. */
function skip(segment: Buffer, from: number, bytes: number): number {
  let at = from;
  for (let left = bytes; left > 0 && at <= segment.length;) {
    if (at % pageBytes === 0) at += shortHeader;
    const here = Math.min(left, pageBytes - (at % pageBytes));
    at += here;
    left -= here;
  }
  return at;
}

function byteOf(segment: Buffer, at: number, index: number): number {
  const place = skip(segment, at, index);
  return segment[place % pageBytes === 0 ? place + shortHeader : place] ?? 0;
}

/** The stretches of the segment that hold so many bytes of content. */
function* stretches(segment: Buffer, from: number, bytes: number): Generator<Buffer, void, void> {
  let at = from;
  for (let left = bytes; left > 0 && at < segment.length;) {
    if (at % pageBytes === 0) at += shortHeader;
    const here = segment.subarray(at, at + Math.min(left, pageBytes - (at % pageBytes)));
    yield here;
    at += here.length;
    left -= here.length;
  }
}

const gather = (segment: Buffer, at: number, bytes: number): Buffer =>
  Buffer.concat([...stretches(segment, at, bytes)]);

function scatter(segment: Buffer, at: number, record: Buffer): void {
  let done = 0;
  for (const part of stretches(segment, at, record.length)) done += record.copy(part, 0, done);
}
