import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../core/index.ts';
import { Gathering } from './gathering.ts';

const noise = randomBytes(3 * limits.fixedChunkBytes);

function gathered(files: readonly { bytes: Buffer; cuts: readonly number[] }[]): Buffer[][] {
  let pieces: Buffer[] = [];
  const gathering = new Gathering((piece) => void pieces.push(piece));
  return files.map(({ bytes, cuts }) => {
    const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
    places.slice(1).forEach((end, i) => gathering.push(bytes.subarray(places[i], end)));
    gathering.flush();
    const own = pieces;
    pieces = [];
    return own;
  });
}

describe('what arrives of a file', () => {
  test('becomes pieces as they are stored, however it is sliced', () => {
    const file = fc.record({
      bytes: fc.integer({ min: 0, max: noise.length }).map((length) => noise.subarray(noise.length - length)),
      cuts: fc.array(fc.nat(), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(fc.array(file, { maxLength: 4 }), (files) => {
        gathered(files).forEach((pieces, i) => {
          const { bytes } = files[i] as { bytes: Buffer };
          expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
          expect(pieces.slice(0, -1).every(({ length }) => length === limits.fixedChunkBytes)).toBe(true);
          expect(pieces.every(({ length }) => length > 0 && length <= limits.fixedChunkBytes)).toBe(true);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('has memory for each piece alone, and for a small file as little as it needs', () => {
    const files = [limits.fixedChunkBytes + 100_000, 8192, 100, 300_000].map((length) => ({
      bytes: noise.subarray(0, length),
      cuts: [],
    }));
    const pieces = gathered(files).flat();
    expect(pieces.map(({ byteOffset }) => byteOffset)).toEqual([0, 0, 0, 0, 0]);
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(pieces.length);
    const { fixedChunkBytes } = limits;
    expect(pieces.map(({ buffer }) => buffer.byteLength)).toEqual([
      fixedChunkBytes,
      100_000,
      8192,
      100,
      fixedChunkBytes,
    ]);
  });
});
