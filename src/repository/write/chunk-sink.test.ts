import { randomBytes, randomFillSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { freshBundle } from '../keys/keys.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { ChunkSink } from './chunk-sink.ts';
import { PackWriter } from './pack-writer.ts';

it('chunks that are too small for a thread are known to all threads as well, however many they are', async () => {
  const nothing = { size: 0, has: () => false, all: () => [] };
  const sink = new ChunkSink(freshBundle('r'), new PackWriter(new MemoryStore()), nothing);
  const submit = async (plain: Buffer): Promise<void> => void (await sink.submit({ plain, release: () => {} }));
  const large = 1 + limits.threadedBytesMin / limits.chunkBytesMax;
  for (let i = 0; i < large; i += 1)
    await submit(randomFillSync(Buffer.from(new SharedArrayBuffer(limits.chunkBytesMax))));
  const small = 20_000;
  for (let i = 0; i < small; i += 1) await submit(randomBytes(16));
  const packs = await sink.finish();
  expect(packs.reduce((sum, { chunks }) => sum + chunks.length, 0)).toBe(large + small);
});
