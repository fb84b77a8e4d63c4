import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../core/index.ts';
import { contentCut } from '../chunker.ts';

/** The law of docs/FORMAT.md, 9, as it reads. */
function cutByTheLaw(gear: Uint32Array, bytes: Uint8Array, start: number, end: number, ended: boolean): number {
  const [least, normal] = [256 * 1024, 768 * 1024];
  const most = Math.min(end, start + limits.chunkBytesMax);
  let hash = 0;
  for (let at = start + least - 32; at < most; at += 1) {
    hash = ((hash << 1) + (gear[bytes[at] as number] as number)) | 0;
    const length = at + 1 - start;
    if (length <= least) continue;
    if (hash >>> (length <= normal ? 11 : 14) === 0) return length;
  }
  return ended || most - start === limits.chunkBytesMax ? most - start : 0;
}

const table = (): Uint32Array => new Uint32Array(Uint8Array.from(randomBytes(1024)).buffer);

/** Noise, repetitions, and zeros, which a hash treats differently. */
function content(kind: string, bytes: number): Buffer {
  if (kind === 'noise') return randomBytes(bytes);
  if (kind === 'zeros') return Buffer.alloc(bytes);
  return Buffer.alloc(bytes, randomBytes(kind === 'text' ? 977 : 3));
}

describe('cuts by content', () => {
  test('are those of the law, wherever a chunk begins and however much of it is there', () => {
    const mebibyte = 2 ** 20;
    fc.assert(
      fc.property(
        fc.constantFrom('noise', 'zeros', 'text', 'short'),
        fc.integer({ min: 1, max: 6 * mebibyte }),
        fc.nat(300_000),
        fc.boolean(),
        (kind, bytes, start, ended) => {
          const gear = table();
          const cut = contentCut(gear);
          const whole = content(kind, bytes);
          let at = Math.min(start, bytes - 1);
          for (let turn = 0; turn < 3 && at < bytes; turn += 1) {
            const expected = cutByTheLaw(gear, whole, at, bytes, ended);
            expect(cut(whole, at, bytes, ended)).toBe(expected);
            if (expected === 0) break;
            at += expected;
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('are those of the law around the least, the normal and the largest size', () => {
    const gear = table();
    const cut = contentCut(gear);
    const noise = randomBytes(limits.chunkBytesMax + 100);
    for (const around of [32, 256 * 1024 - 32, 256 * 1024, 512 * 1024, 768 * 1024, limits.chunkBytesMax]) {
      for (let end = around - 2; end <= around + 2; end += 1) {
        for (const ended of [true, false]) {
          for (const bytes of [noise, Buffer.alloc(noise.length)])
            expect(cut(bytes, 0, end, ended), `${end}`).toBe(cutByTheLaw(gear, bytes, 0, end, ended));
        }
      }
    }
  });

  test('are found when the hash is zero before the least size', () => {
    // A table of zeros keeps the hash at zero: every byte behind the least size is a cut.
    const cut = contentCut(new Uint32Array(256));
    expect(cut(randomBytes(400_000), 0, 400_000, false)).toBe(256 * 1024 + 1);
    expect(cut(randomBytes(400_000), 7, 400_000, false)).toBe(256 * 1024 + 1);
  });
});
