import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import { ownBuffers } from '../pool/index.ts';
import { Bundler } from './bundle.ts';
import type { PlainChunk } from './chunk-sink.ts';

function bundlerInto(submitted: PlainChunk[]): Bundler {
  const gear = new Uint32Array(randomBytes(1024).buffer.slice(0, 1024));
  return new Bundler(gear, ownBuffers, async (chunk) => {
    submitted.push(chunk);
    return { id: Promise.resolve(Buffer.from(String(submitted.length))) };
  });
}

describe('a bundle', () => {
  test('that nothing came into is no chunk', async () => {
    const submitted: PlainChunk[] = [];
    const bundler = bundlerInto(submitted);
    bundler.room();
    for (let entry = 0; entry < 2 * limits.bundleEntriesMax; entry += 1) await bundler.count();
    await bundler.close();
    bundler.room();
    await bundler.close();
    expect(submitted).toEqual([]);
  });

  test('keeps its files when others come beside it in the same memory', async () => {
    const submitted: PlainChunk[] = [];
    const bundler = bundlerInto(submitted);
    const files = Array.from({ length: 300 }, () =>
      randomBytes(1 + Math.floor(Math.random() * limits.bundledFileBytesMax)),
    );
    const pieces = [];
    for (const [at, bytes] of files.entries()) {
      bytes.copy(bundler.room());
      pieces.push(await bundler.take(bytes.length));
      if (at % 50 === 0) await bundler.close();
    }
    await bundler.close();
    for (const [at, { id, from = 0, bytes }] of pieces.entries()) {
      const { plain } = submitted[Number(await id) - 1] as PlainChunk;
      expect(plain.length).toBeLessThanOrEqual(limits.bundleBytesMax);
      expect(plain.subarray(from, from + bytes).equals(files[at] as Buffer)).toBe(true);
    }
  });
});
