import { expect, it } from 'vitest';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { NeededChunks } from './needed-chunks.ts';

it('chunks that points need take less than two bytes each, and are known by their packs', () => {
  const [chunks, chunksPerPack] = [1_000_000, 30];
  const needed = new NeededChunks();
  const before = liveHeapBytes() + process.memoryUsage().arrayBuffers;
  for (let ordinal = 0; ordinal < chunks; ordinal += 2) needed.add(ordinal, Math.floor(ordinal / chunksPerPack));
  expect(liveHeapBytes() + process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * chunks);
  const catalog = { ordinalsOf: (pack: number) => Array.from({ length: 4 }, (_, i) => pack * chunksPerPack + i) };
  expect(needed.packs.size).toBe(Math.ceil(chunks / chunksPerPack));
  expect(needed.inPack(1, catalog)).toEqual([30, 32]);
  expect(needed.inPack(chunks, catalog)).toEqual([]);
});
