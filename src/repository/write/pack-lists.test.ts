import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { decodeIndex, ChunkList, encodeRecords, type PackRecord } from '../format/pack-format.ts';
import { storeIndex } from '../format/index-object.ts';
import { openDocument } from '../format/seal.ts';
import { freshBundle } from '../keys/keys.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { PackLists } from './pack-lists.ts';

const other = limits as { chunksInMemory: number; chunksPerIndexMax: number };
const before = { ...limits };
afterEach(
  () =>
    void Object.assign(other, { chunksInMemory: before.chunksInMemory, chunksPerIndexMax: before.chunksPerIndexMax }),
);

const packOf = (): PackRecord => ({
  id: randomBytes(16).toString('hex'),
  epoch: 1,
  bytes: 10_000_000,
  sha256: randomBytes(32),
});
const listOf = (chunks: number): ChunkList => {
  const one = { offset: 1_000, sealedBytes: 500, plainBytes: 700 };
  return new ChunkList(encodeRecords(Array.from({ length: chunks }, () => ({ id: randomBytes(32), ...one }))));
};

it('what a writer stored stands in the index whether its lists were held in memory or on disk', async () => {
  other.chunksInMemory = 100;
  other.chunksPerIndexMax = 70;
  const packs = Array.from({ length: 60 }, (_, i) => ({ pack: packOf(), chunks: listOf(1 + (i % 17)) }));
  const lists = new PackLists();
  for (const { pack, chunks } of packs) lists.add(pack, chunks);
  const [store, bundle] = [new MemoryStore(), freshBundle('r')];
  const stored = await storeIndex(store, bundle, lists.all);
  expect(stored.length).toBeGreaterThan(5);
  const read = [];
  for (const { name } of stored)
    read.push(...decodeIndex(await openDocument(bundle, 'index', name, await store.get(name)), name));
  expect(read).toEqual(packs);
});

it('the lists of a million chunks take as much memory as those of a quarter', async () => {
  const lists = new PackLists();
  const bytes = listOf(1_000).bytes;
  const grown = async (chunks: number): Promise<number> => {
    for (let count = lists.all.length * 1_000; count < chunks; count += 1_000)
      lists.add(packOf(), new ChunkList(Buffer.from(bytes)));
    liveHeapBytes();
    await setTimeout(50);
    return liveHeapBytes() + process.memoryUsage().arrayBuffers;
  };
  const some = await grown(limits.chunksInMemory);
  expect(((await grown(4 * limits.chunksInMemory)) - some) / 2 ** 20).toBeLessThan(3);
});
