import { randomBytes, randomFillSync } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { freshBundle } from '../keys/keys.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { ChunkSink, type StoredIds } from './chunk-sink.ts';
import { PackWriter } from './pack-writer.ts';

const other = limits as { chunksInMemory: number };
const before = other.chunksInMemory;
afterEach(() => void (other.chunksInMemory = before));

const nothing: StoredIds = { has: () => false, shared: () => ({ size: 0, ids: [] }) };

async function stored(chunks: () => Iterable<Buffer>): Promise<number> {
  const sink = new ChunkSink(freshBundle('r'), new PackWriter(new MemoryStore()), nothing);
  for (const plain of chunks()) await sink.submit({ plain, release: () => {} });
  const packs = await sink.finish();
  return packs.reduce((sum, { chunks: { length } }) => sum + length, 0);
}

const shared = (bytes: number): Buffer => Buffer.from(new SharedArrayBuffer(bytes));
const large = 1 + limits.threadedBytesMin / limits.chunkBytesMax;
function* startOfThreads(): Generator<Buffer> {
  for (let i = 0; i < large; i += 1) yield randomFillSync(shared(limits.chunkBytesMax));
}

it('chunks that are too small for a thread are known to all threads as well, however many they are', async () => {
  const small = 20_000;
  const chunks = function* (): Generator<Buffer> {
    yield* startOfThreads();
    for (let i = 0; i < small; i += 1) yield randomBytes(16);
  };
  expect(await stored(chunks)).toBe(large + small);
});

it('chunks that come again are stored once, also when what was stored is known from the disk alone', async () => {
  other.chunksInMemory = 8;
  const many = 14_000;
  const small = Array.from({ length: many }, () => randomBytes(16));
  const inThreads = Array.from({ length: many }, () => randomFillSync(shared(64)));
  const chunks = function* (): Generator<Buffer> {
    yield* startOfThreads();
    for (let again = 0; again < 2; again += 1)
      for (let i = 0; i < many; i += 1) yield* [small[i] as Buffer, inThreads[i] as Buffer];
  };
  // Who has not heard of the next table may bring a chunk once more.
  const count = await stored(chunks);
  expect(count).toBeGreaterThanOrEqual(large + 2 * many);
  expect(count).toBeLessThan(large + 2 * many + 10);
});
