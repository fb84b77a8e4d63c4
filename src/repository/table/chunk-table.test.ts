import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { array, assert as requireAll, boolean, func, integer, nat, property } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limits } from '../../core/index.ts';
import { liveHeapBytes } from '../../testing/live-heap.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';
import type { ChunkPlace } from './chunk-record.ts';
import { ChunkTable } from './chunk-table.ts';

/** Few of them begin differently, so that what only looks alike is met. */
const idOf = (seed: number): Buffer => {
  const id = createHash('sha256').update(`${seed}`).digest();
  id.writeUInt32BE(seed % 5, 0);
  return id;
};
const placeOf = (pack: number, number: number): ChunkPlace => ({
  pack,
  number,
  offset: 1_000 * number + pack,
  sealedBytes: 2 ** 32 - 1 - number,
  plainBytes: pack + number,
});

/** Packs, each of a few chunks that may stand in others, too. */
const packs = array(array(nat(40), { minLength: 1, maxLength: 12 }), { maxLength: 60 });

function tableOf(contents: readonly (readonly number[])[], inMemory: number): ChunkTable {
  const table = new ChunkTable(inMemory);
  for (const [pack, seeds] of contents.entries()) {
    table.makeRoom(seeds.length);
    for (const [number, seed] of seeds.entries()) table.add(idOf(seed), placeOf(pack, number));
  }
  return table;
}

describe('the table of chunks', () => {
  it('finds the first place of a chunk that is wanted, wherever memory ends', () => {
    requireAll(
      property(packs, integer({ min: 1, max: 30 }), func(boolean()), (contents, inMemory, usable) => {
        const table = tableOf(contents, inMemory);
        const rows = contents.flatMap((seeds, pack) =>
          seeds.map((seed, number) => ({ seed, place: placeOf(pack, number) })),
        );
        expect(table.size).toBe(rows.length);
        for (const [ordinal, { seed, place }] of rows.entries()) {
          expect(table.idOf(ordinal).equals(idOf(seed))).toBe(true);
          expect(table.placeOf(ordinal)).toEqual(place);
          expect(table.packOf(ordinal)).toBe(place.pack);
        }
        for (let seed = 0; seed <= 41; seed += 1) {
          const places = rows.flatMap((row, ordinal) => (row.seed === seed ? [ordinal] : []));
          expect(table.find(idOf(seed))).toBe(places[0] ?? -1);
          expect(table.find(idOf(seed), (one) => usable(one))).toBe(places.find((one) => usable(one)) ?? -1);
          const asked: number[] = [];
          const none = (ordinal: number): boolean => asked.push(ordinal) === 0;
          expect(table.find(idOf(seed), none)).toBe(-1);
          expect(asked).toEqual(places);
        }
      }),
    );
  });

  it('stays as it was for those who look something else up while they are asked', () => {
    const contents = Array.from({ length: 50 }, (_, i) => [i % 7, i % 3]);
    const table = tableOf(contents, 8);
    for (let seed = 0; seed < 7; seed += 1) {
      const asked: number[] = [];
      table.find(idOf(seed), (ordinal) => {
        const other = (ordinal * 31) % table.size;
        expect(table.idOf(table.find(table.idOf(other))).equals(table.idOf(other))).toBe(true);
        return asked.push(ordinal) === 0;
      });
      expect(asked).toEqual(contents.flat().flatMap((one, ordinal) => (one === seed ? [ordinal] : [])));
    }
  });

  it('finds each of many thousands that are on disk, and none that are not there', () => {
    const count = 30_000;
    const table = new ChunkTable(1_000);
    const long = (i: number): Buffer => createHash('sha256').update(`chunk ${i}`).digest();
    for (let i = 0; i < count; i += 1) {
      if (i % 50 === 0) table.makeRoom(50);
      table.add(long(i), placeOf(Math.floor(i / 50), i % 50));
    }
    for (let i = 0; i < count; i += 7) {
      expect(table.find(long(i))).toBe(i);
      expect(table.find(long(count + i))).toBe(-1);
    }
  });

  it('takes as much memory for four million chunks as for half a million', async () => {
    const table = new ChunkTable();
    const id = Buffer.alloc(32);
    const grown = async (count: number): Promise<number> => {
      for (let i = table.size; i < count; i += 1) {
        if (i % 50 === 0) table.makeRoom(50);
        // What is told apart by its first bytes is as good as any hash here.
        id.writeUInt32BE(Math.imul(i, 2_654_435_761) >>> 0);
        id.writeUInt32BE(i, 28);
        table.add(id, placeOf(Math.floor(i / 50), i % 50));
      }
      // What was left is given back beside us, and counted until then.
      liveHeapBytes();
      await setTimeout(50);
      return liveHeapBytes() + process.memoryUsage().arrayBuffers;
    };
    const some = await grown(500_000);
    expect(some).toBeGreaterThan(limits.chunksInMemory * 50);
    expect(((await grown(4_000_000)) - some) / 2 ** 20).toBeLessThan(2);
    id.writeUInt32BE(Math.imul(3_000_000, 2_654_435_761) >>> 0);
    id.writeUInt32BE(3_000_000, 28);
    expect(table.find(id)).toBe(3_000_000);
  });
});

describe.skipIf(whyNoMount !== undefined)(`the table of chunks on a disk that is full${skippedFor(whyNoMount)}`, () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lifeboat-chunks-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', place]);
    vi.stubEnv('TMPDIR', place);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    // Files without a name may be open still.
    spawnSync('umount', ['--lazy', place]);
    rmSync(place, { recursive: true });
  });

  it('says so, has lost nothing, and goes on when there is room', () => {
    const table = new ChunkTable(100);
    const long = (i: number): Buffer => createHash('sha256').update(`chunk ${i}`).digest();
    const fill = (end: number): void => {
      while (table.size < end) {
        table.makeRoom(10);
        for (let number = 0; number < 10; number += 1) table.add(long(table.size), placeOf(table.size / 10, number));
      }
    };
    const requireWhole = (): void => {
      for (let i = 0; i < table.size; i += 1) {
        expect(table.find(long(i))).toBe(i);
        expect(table.idOf(i).equals(long(i))).toBe(true);
      }
      expect(table.find(long(table.size))).toBe(-1);
    };
    let full: unknown;
    try {
      fill(20_000);
    } catch (error) {
      full = error;
    }
    expect(full).toMatchObject({ code: 'disk.full', hint: expect.stringContaining('TMPDIR') });
    expect(table.size).toBeGreaterThan(1_000);
    requireWhole();
    expect(() => fill(20_000)).toThrow('the disk for temporary files is full');
    requireWhole();
    spawnSync('mount', ['-o', 'remount,size=4m', place]);
    fill(20_000);
    requireWhole();
    expect(readdirSync(place)).toEqual([]);
  });
});
