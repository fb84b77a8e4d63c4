import { randomBytes } from 'node:crypto';
import { createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeptState, packNow, unpackNow } from './zstd.ts';

const room = Buffer.alloc(2 ** 20);
const unpacked = (packed: Uint8Array, plainBytes: number): Buffer | undefined => {
  const plain = unpackNow(packed, room, plainBytes);
  return plain && Buffer.from(plain);
};

/** Bytes of which some pack well, some badly and some not at all. */
const content = fc
  .record({ word: fc.uint8Array({ minLength: 1, maxLength: 40 }), times: fc.nat(3_000), noise: fc.nat(20_000) })
  .map(({ word, times, noise }) =>
    Buffer.concat([Buffer.alloc(word.length * times, Buffer.from(word)), randomBytes(noise)]),
  );

/** What damage does to a frame. */
const damages = {
  none: (bytes: Buffer): Buffer => bytes,
  cut: (bytes: Buffer, at: number): Buffer => bytes.subarray(0, at),
  flipped: (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] as number) ^ 0x10;
    return copy;
  },
  longer: (bytes: Buffer, at: number): Buffer => Buffer.concat([bytes, randomBytes(at + 1)]),
  twice: (bytes: Buffer): Buffer => Buffer.concat([bytes, bytes]),
  nothing: (): Buffer => Buffer.alloc(0),
} as const;

describe('packing with a state that is kept', () => {
  test('gives the frames that Node’s own call gives, one after another', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), (parts) => {
        for (const plain of parts) {
          const packed = Buffer.from(packNow(plain));
          expect(zstdDecompressSync(packed).equals(plain)).toBe(true);
          expect(unpacked(packed, plain.length)?.equals(plain)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('gives the right bytes or none of a damaged frame, and the right ones of the next', () => {
    const kinds = Object.keys(damages) as (keyof typeof damages)[];
    fc.assert(
      fc.property(content, content, fc.constantFrom(...kinds), fc.nat(), (first, second, kind, at) => {
        const whole = zstdCompressSync(first);
        const given = damages[kind](whole, at % whole.length);
        const plain = unpacked(given, first.length);
        if (kind === 'none') expect(plain).toBeDefined();
        if (plain !== undefined && kind !== 'flipped') expect(plain.equals(first)).toBe(true);
        expect(unpacked(zstdCompressSync(second), second.length)?.equals(second)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('refuses a frame that is longer or shorter than was recorded', () => {
    const packed = zstdCompressSync(Buffer.alloc(1000, 'abc'));
    expect([999, 1001, 1, 0].map((bytes) => unpacked(packed, bytes))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(unpacked(packed, 1000)).toHaveLength(1000);
  });

  test('writes nothing where there is no room, and goes on afterwards', () => {
    const packer = new KeptState(() => createZstdCompress());
    const plain = randomBytes(5_000);
    expect(packer.write(plain, Buffer.alloc(100))).toBeUndefined();
    const into = Buffer.alloc(6_000);
    expect(zstdDecompressSync(into.subarray(0, packer.write(plain, into))).equals(plain)).toBe(true);
  });

  test('leaves it to Node’s own call where streams are another inside', () => {
    const strangers = [{}, { _handle: null }, { _handle: { writeSync: 1 }, _writeState: new Uint32Array(2) }];
    for (const stranger of [...strangers, { _handle: { writeSync: () => {} }, _writeState: [0, 0] }]) {
      const state = new KeptState(() => stranger as unknown as ReturnType<typeof createZstdDecompress>);
      expect(state.write(Buffer.from('x'), room)).toBeUndefined();
    }
    // One that says nothing of what it did.
    const mute = { _handle: { writeSync: () => {} }, _writeState: new Uint32Array(2) };
    const state = new KeptState(() => mute as unknown as ReturnType<typeof createZstdDecompress>);
    expect(state.write(Buffer.from('x'), room)).toBeUndefined();
  });

  test('can be done here: this Node’s streams are what is expected', () => {
    const plain = Buffer.alloc(100_000, 'every page looks like this one. ');
    const into = Buffer.alloc(100_001);
    const packed = into.subarray(0, new KeptState(() => createZstdCompress()).write(plain, into));
    expect(packed.length).toBeGreaterThan(0);
    expect(new KeptState(() => createZstdDecompress()).write(packed, room)).toBe(plain.length);
  });
});
