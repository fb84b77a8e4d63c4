import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Crc32c } from '../crc32c.ts';
import { keepTablespacesInside } from './tablespace-records.ts';

const pageBytes = 8192;
const segmentBytes = 4 * pageBytes;
const start = 0x7000000n;

/** Where content may stand: behind the header of each page, the long one of a segment's first. */
const places = Array.from({ length: segmentBytes }, (_, at) => at).filter(
  (at) => at % pageBytes >= (at < pageBytes ? 40 : 24),
);

/** A record as a server writes it, a multiple of 8 long. */
function recordOf(kind: number, info: number, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from([0xff, data.length]), data]);
  const record = Buffer.alloc(24 + body.length);
  record.writeUInt32LE(record.length, 0);
  record[16] = info;
  record[17] = kind;
  body.copy(record, 24);
  const sum = new Crc32c();
  sum.update(record.subarray(24));
  sum.update(record.subarray(0, 20));
  record.write(sum.hex(), 20, 'hex');
  return record;
}

/** A segment of records that begin where the page header ends, and what was left of the last one. */
function segmentOf(records: readonly Buffer[]): Buffer {
  const segment = Buffer.alloc(segmentBytes);
  for (let page = 0; page < segmentBytes; page += pageBytes) segment.writeBigUInt64LE(start + BigInt(page), page + 8);
  let index = 0;
  for (const record of records) {
    for (const byte of record) {
      const place = places[index];
      index += 1;
      if (place !== undefined) segment[place] = byte;
    }
    while (places[index] !== undefined && (places[index] as number) % 8 !== 0) index += 1;
  }
  return segment;
}

const filler = (bytes: number): Buffer => {
  const record = Buffer.alloc(bytes, 0xee);
  record.writeUInt32LE(bytes, 0);
  record[16] = 0;
  record[17] = 10;
  return record;
};
const tablespace = (place: string, info = 0): Buffer =>
  recordOf(5, info, Buffer.from(`\x01\x40\x00\x00${place}\0`, 'latin1'));

describe('a record of a tablespace', () => {
  it('loses its place and nothing else, wherever on the pages it stands', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 24, max: 2 * pageBytes }),
        fc.stringMatching(/^\/[a-z/]{1,180}$/),
        fc.integer({ min: 24, max: 300 }),
        (before, place, after) => {
          const around = [filler(before), filler(after)] as const;
          const segment = segmentOf([around[0], tablespace(place), around[1], tablespace(place)]);
          expect(keepTablespacesInside(segment, start)).toBe(2);
          const without = tablespace('\0'.repeat(place.length));
          expect(segment.equals(segmentOf([around[0], without, around[1], without]))).toBe(true);
          expect(keepTablespacesInside(segment, start)).toBe(0);
        },
      ),
    );
  });

  it('stays as it is where it drops one, has no place, or is no whole record yet', () => {
    const half = tablespace('/srv/fast');
    half[half.length - 2] = 0;
    for (const record of [tablespace('/srv/fast', 0x10), tablespace(''), half]) {
      const segment = segmentOf([filler(100), record]);
      const before = Buffer.from(segment);
      expect(keepTablespacesInside(segment, start)).toBe(0);
      expect(segment.equals(before)).toBe(true);
    }
  });

  it('that goes on in the next segment is refused', () => {
    const room = places.length - 48;
    const segment = segmentOf([filler(room), tablespace('/srv/a-long-place-for-it')]);
    expect(() => keepTablespacesInside(segment, start)).toThrowError(/in a record that two segments/);
  });

  it('is looked for only as far as the log goes: zeros, a switch, pages of an earlier use', () => {
    const place = tablespace('/srv/fast');
    const switched = recordOf(0, 0x40, Buffer.alloc(0));
    for (const segment of [segmentOf([filler(64), Buffer.alloc(64), place]), segmentOf([switched, place])]) {
      expect(keepTablespacesInside(segment, start)).toBe(0);
    }
    expect(keepTablespacesInside(segmentOf([place]), start + 0x100000n)).toBe(0);
    expect(keepTablespacesInside(Buffer.alloc(segmentBytes), start)).toBe(0);
  });
});
