import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLifeboatError } from '../../../../core/index.ts';
import { ArchiveReader } from './archive.ts';
import type { ArchiveContents } from './archive-format.ts';
import { buildArchive, type BuiltEntry } from '../testing/archive-builder.ts';

function readAll(bytes: Uint8Array, cuts: readonly number[] = []): ArchiveContents {
  const reader = new ArchiveReader();
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  for (const [index, place] of places.entries()) {
    const next = places[index + 1];
    if (next !== undefined) reader.push(bytes.subarray(place, next));
  }
  return reader.end();
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    if (isLifeboatError(error)) return error.code;
    throw error;
  }
};

/** As COPY writes a row: no bare line break, no bare backslash. */
const row = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll(/[\\\n\r]/g, '_'));
const content = fc.oneof(
  fc.record({ kind: fc.constant('TABLE DATA'), rows: fc.array(row, { maxLength: 8 }) }),
  fc.record({
    kind: fc.constant('BLOBS'),
    objects: fc.array(
      fc.record({ oid: fc.integer({ min: 1, max: 2 ** 31 - 1 }), bytes: fc.uint8Array({ maxLength: 60 }) }),
      { maxLength: 4 },
    ),
  }),
  fc.record({ kind: fc.constantFrom('TABLE', 'INDEX', 'FUNCTION'), definition: fc.string({ maxLength: 200 }) }),
);
const entries: fc.Arbitrary<BuiltEntry[]> = fc
  .array(fc.tuple(content, fc.string({ maxLength: 63 })), { maxLength: 8 })
  .map((list) => list.map(([one, name], index) => ({ ...one, name, id: index * 3 + 1, oid: 16_384 + index })));
const minor = fc.integer({ min: 14, max: 16 });
const chunkBytes = fc.integer({ min: 1, max: 100 });

describe('a dump of the custom format', () => {
  it('gives its rows, objects, kinds and places, however it is cut while it flows', () => {
    fc.assert(
      fc.property(entries, minor, chunkBytes, fc.array(fc.nat(), { maxLength: 20 }), (list, version, size, cuts) => {
        const { bytes, dataAt } = buildArchive(list, version, size);
        const found = readAll(bytes, cuts);
        expect(found.rows).toEqual(
          list.flatMap(({ oid, rows }) => (rows === undefined ? [] : [{ oid, rows: rows.length }])),
        );
        expect(found.largeObjects).toBe(list.reduce((sum, { objects }) => sum + (objects?.length ?? 0), 0));
        expect(Object.values(found.entries).reduce((sum, count) => sum + count, 0)).toBe(list.length);
        expect(found.places.map((place) => place.dataAt)).toEqual([...dataAt.values()]);
        expect(found.places.map(({ noteAt }) => bytes[noteAt])).toEqual(found.places.map(() => 1));
        expect(found.bytes).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('trap "complete TOC": a truncated one is never whole, wherever it was cut', () => {
    const list: BuiltEntry[] = [
      { id: 1, oid: 1, kind: 'TABLE', name: 'orders', definition: 'CREATE TABLE orders ();' },
      { id: 2, oid: 1, kind: 'TABLE DATA', name: 'orders', rows: ['1\ttea', '2\tcoffee'] },
      { id: 3, oid: 0, kind: 'BLOBS', name: 'BLOBS', objects: [{ oid: 7, bytes: Buffer.from('picture') }] },
    ];
    for (const version of [14, 15, 16]) {
      const { bytes } = buildArchive(list, version, 10);
      expect(codeOf(() => readAll(bytes))).toBe('none');
      const whole = Array.from(bytes.keys()).filter(
        (end) => codeOf(() => readAll(bytes.subarray(0, end))) !== 'asset.corrupt',
      );
      expect(whole).toEqual([]);
    }
  });

  it('that goes on after its end is not whole', () => {
    const { bytes } = buildArchive([{ id: 1, oid: 1, kind: 'TABLE DATA', name: 't', rows: ['1'] }], 14, 10);
    expect(codeOf(() => readAll(Buffer.concat([bytes, Buffer.from([1])])))).toBe('asset.corrupt');
    expect(codeOf(() => readAll(Buffer.concat([bytes, bytes])))).toBe('asset.corrupt');
  });

  it('with any byte changed is read or refused, but never anything else', () => {
    fc.assert(
      fc.property(entries, minor, fc.nat(), fc.integer({ min: 1, max: 255 }), (list, version, at, by) => {
        const { bytes } = buildArchive(list, version, 20);
        const place = at % bytes.length;
        bytes[place] = (bytes[place] as number) ^ by;
        expect(['none', 'asset.corrupt']).toContain(codeOf(() => readAll(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('of another format, version or machine is refused by name', () => {
    const { bytes } = buildArchive([], 14, 10);
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[at] = value;
      return copy;
    };
    const messageOf = (one: Buffer): string => {
      try {
        readAll(one);
        return 'none';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf(changed(0, 0x21))).toContain('custom format');
    expect(messageOf(changed(10, 3))).toContain('custom format');
    expect(messageOf(changed(6, 17))).toContain('1.17');
    expect(messageOf(changed(8, 8))).toContain('another kind of machine');
    expect(messageOf(changed(12, 6))).toContain('compressed');
  });

  it('gives the values of sequences as text, for they are larger than numbers are exact', () => {
    const definition = `SELECT pg_catalog.setval('public."odd'', 1, true);"', 9223372036854775807, false);\n`;
    const { bytes } = buildArchive([{ id: 1, oid: 0, kind: 'SEQUENCE SET', name: 'odd', definition }], 14, 10);
    expect(readAll(bytes).sequences).toEqual([
      { schema: 'public', name: 'odd', value: '9223372036854775807', called: false },
    ]);
  });
});
