import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';
import { ChunkTable } from '../table/chunk-table.ts';
import { KnownIds, type KnownOnDisk } from './known-ids.ts';
import { SharedIds } from './shared-ids.ts';

const idsOf = (bytes: Buffer): Buffer[] =>
  Array.from({ length: bytes.length / 32 }, (_, i) => bytes.subarray(i * 32, (i + 1) * 32));

/** Tables of the least size; what is in two of them goes to disk. */
const least = 2 ** 13;

/** What a session does when so many were claimed; `others` are what its threads see. */
function grow(known: KnownIds, others: readonly SharedIds[] = []): void {
  const full = known.grow();
  for (const one of others) one.follow(known.place);
  const allFollow = known.store(full);
  for (const one of others) one.follow(known.place);
  allFollow?.();
}

function claimAll(known: KnownIds, ids: readonly Buffer[], others: readonly SharedIds[] = []): void {
  let claimed = 0;
  for (const [i, id] of ids.entries()) {
    const who = [known, ...others][i % (1 + others.length)] as SharedIds;
    if (!who.claim(id)) throw new Error(`nobody claimed ${i} before`);
    claimed += 1;
    if (claimed < known.room) continue;
    grow(known, others);
    claimed = 0;
  }
}

/** A table of these chunks, most of them on disk; packs of ten, of which every third is gone. */
function storedOf(ids: readonly Buffer[]): { onDisk: KnownOnDisk; first: number; isKnown: (i: number) => boolean } {
  const table = new ChunkTable(100);
  const present = new Uint8Array(new SharedArrayBuffer(Math.ceil(ids.length / 80)));
  const isKnown = (i: number): boolean => Math.floor(i / 10) % 3 > 0;
  for (const [i, id] of ids.entries()) {
    const pack = Math.floor(i / 10);
    if (i % 10 === 0) table.makeRoom(10);
    table.add(id, { pack, number: i % 10, offset: 0, sealedBytes: 1, plainBytes: 1 });
    if (isKnown(i)) present[pack >> 3] = (present[pack >> 3] as number) | (1 << (pack & 7));
  }
  const { first, stored } = table.share();
  if (stored === undefined) throw new Error('so many are on disk');
  return { onDisk: { ...stored, present }, first, isKnown };
}

const wonBy = (module: string, known: KnownIds, ids: Buffer): Promise<number> => {
  const program = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ SharedIds }) => {
      const known = new SharedIds(workerData.place);
      let won = 0;
      for (let at = 0; at < workerData.ids.length; at += 32) if (known.claim(workerData.ids.subarray(at, at + 32))) won += 1;
      parentPort.postMessage(won);
    });`;
  const thread = new Worker(program, { eval: true, execArgv: [], workerData: { module, ids, place: known.place } });
  return new Promise((resolve, reject) => thread.once('message', resolve).once('error', reject));
};
const module = new URL('./shared-ids.ts', import.meta.url).href;

describe('ids known to threads', () => {
  test('grow before they are full, however many they were made for: in a full table nobody would find an end', () => {
    for (const first of [0, 1, 8_191, 8_192, 8_193, 100_000, 131_072]) {
      const ids = new KnownIds(first);
      const slots = (ids.place.tables[0]?.byteLength ?? 0) / 20;
      expect(first + ids.room, `made for ${first}`).toBeLessThanOrEqual(slots * 0.75);
      expect(ids.room, `made for ${first}`).toBeGreaterThanOrEqual(slots / 4);
    }
  });

  test('are claimed once, also after the table has grown', () => {
    const known = new KnownIds(0);
    const ids = Array.from({ length: 3 * known.room }, () => randomBytes(32));
    claimAll(known, ids);
    for (const one of [known, new SharedIds(known.place)]) expect(ids.filter((id) => one.claim(id))).toEqual([]);
  });

  test('are claimed once, also when most of them are on disk, and nobody takes for claimed what was not', () => {
    const known = new KnownIds(0, undefined, least);
    const others = [new SharedIds(known.place), new SharedIds(known.place)];
    const ids = idsOf(randomBytes(70_000 * 32));
    // Pairs that begin alike.
    ids.forEach((id, i) => i % 2 === 1 && id.set((ids[i - 1] as Buffer).subarray(0, 4)));
    claimAll(known, ids, others);
    expect(known.place.tables.length).toBeLessThanOrEqual(2);
    expect(known.place.claimed.length).toBeGreaterThan(1);
    for (const one of [known, ...others, new SharedIds(known.place)])
      expect(ids.filter((id, i) => i % 3 === 0 && one.claim(id))).toEqual([]);
  });

  test('may be claimed twice by one who has not heard of the next table, and are lost by nobody', () => {
    const known = new KnownIds(0, undefined, least);
    const late = new SharedIds(known.place);
    const ids = idsOf(randomBytes(60_000 * 32));
    const brought = new Set<number>();
    for (let round = 0; round < 6; round += 1) {
      const some = ids.slice(round * 10_000, (round + 1) * 10_000);
      some.slice(0, 6_000).forEach((id, i) => known.claim(id) && brought.add(round * 10_000 + i));
      const full = known.grow();
      some.forEach((id, i) => (i % 2 === 0 ? known : late).claim(id) && brought.add(round * 10_000 + i));
      late.follow(known.place);
      const allFollow = known.store(full);
      expect(some.filter((id, i) => (i % 2 === 0 ? late : known).claim(id))).toEqual([]);
      late.follow(known.place);
      allFollow?.();
    }
    expect(brought.size).toBe(ids.length);
    expect(ids.filter((id) => late.claim(id))).toEqual([]);
  });

  test('are known from the start where their packs are there, in memory or on disk', () => {
    const ids = idsOf(randomBytes(5_000 * 32));
    const { onDisk, first, isKnown } = storedOf(ids);
    expect(first).toBeGreaterThan(4_000);
    const known = new KnownIds(ids.length - first, onDisk);
    for (let i = first; i < ids.length; i += 1) if (isKnown(i)) known.claim(ids[i] as Buffer);
    const other = new SharedIds(known.place);
    for (const [i, id] of ids.entries()) {
      expect([other.claim(id), known.claim(id)], `${i}`).toEqual([!isKnown(i), false]);
    }
  });

  test('are taken from memory into the first table without a look at the disk for each of them', () => {
    const ids = idsOf(randomBytes(5_000 * 32));
    const { onDisk, first } = storedOf(ids);
    const { place } = onDisk;
    const unreadable = { ...place, records: -1, runs: place.runs.map((run) => ({ ...run, file: -1 })) };
    const known = new KnownIds(ids.length - first, { ...onDisk, place: unreadable });
    const held = ids.slice(first);
    for (const id of held) known.know(id);
    expect(held.filter((id) => known.claim(id))).toEqual([]);
    expect(() => known.claim(ids[0] as Buffer)).toThrow('the disk for temporary files failed');
  });

  test('are claimed by exactly one of several threads', async () => {
    const known = new KnownIds(0);
    const ids = randomBytes(4000 * 32);
    const won = await Promise.all([1, 2, 3].map(() => wonBy(module, known, ids)));
    expect(won.reduce((total, one) => total + one, 0)).toBe(4000);
  });

  test('are claimed by exactly one of several threads also where many are on disk', async () => {
    const stored = idsOf(randomBytes(3_000 * 32));
    const { onDisk, first, isKnown } = storedOf(stored);
    const known = new KnownIds(0, onDisk, least);
    const claimed = idsOf(randomBytes(50_000 * 32));
    claimAll(known, claimed);
    expect(known.place.claimed.length).toBeGreaterThan(0);
    const fresh = idsOf(randomBytes(2_000 * 32));
    const all = Buffer.concat([...stored.slice(0, first), ...claimed.slice(0, 20_000), ...fresh]);
    const won = await Promise.all([1, 2, 3].map(() => wonBy(module, known, all)));
    const gone = stored.slice(0, first).filter((_, i) => !isKnown(i)).length;
    expect(won.reduce((total, one) => total + one, 0)).toBe(fresh.length + gone);
  });

  test('take as much memory for half a million of a session as for a fifth', async () => {
    const known = new KnownIds(0, undefined, 4 * least);
    let [at, claimed] = [0, 0];
    const id = Buffer.alloc(32);
    const grown = async (count: number): Promise<number> => {
      for (; at < count; at += 1) {
        id.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0);
        id.writeUInt32LE(at, 8);
        if (!known.claim(id)) throw new Error(`${at} is new`);
        claimed += 1;
        if (claimed < known.room) continue;
        grow(known);
        claimed = 0;
      }
      // What others left is gone after the second time.
      liveHeapBytes();
      await setTimeout(50);
      return liveHeapBytes() + process.memoryUsage().arrayBuffers;
    };
    const some = await grown(100_000);
    // A few full tables more or less, at one time or the other.
    expect(((await grown(500_000)) - some) / 2 ** 20).toBeLessThan(5);
  });
});

describe.skipIf(whyNoMount !== undefined)(
  `ids known to threads, on a disk that is full${skippedFor(whyNoMount)}`,
  () => {
    let place: string;
    beforeEach(() => {
      place = mkdtempSync(join(tmpdir(), 'lifeboat-known-'));
      spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', place]);
      vi.stubEnv('TMPDIR', place);
    });
    afterEach(() => {
      vi.unstubAllEnvs();
      spawnSync('umount', ['--lazy', place]);
      rmSync(place, { recursive: true });
    });

    test('say so, and all of them are known still', () => {
      const known = new KnownIds(0, undefined, least);
      const ids = idsOf(randomBytes(30_000 * 32));
      let claimed = 0;
      const full = (): void => {
        for (; ; grow(known))
          for (const end = claimed + known.room; claimed < end; claimed += 1) known.claim(ids[claimed] as Buffer);
      };
      expect(full).toThrow('the disk for temporary files is full');
      expect(claimed).toBeGreaterThan(10_000);
      expect(ids.slice(0, claimed).filter((id) => known.claim(id))).toEqual([]);
    });
  },
);
