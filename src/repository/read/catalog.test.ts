import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { limits } from '../../core/index.ts';
import { whyNoMount } from '../../testing/mounting.ts';
import { skippedFor } from '../../testing/skipped.ts';
import type { Point } from '../repository.ts';
import { backup, file, folder, makeRepository, readAll, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

describe('a catalog', () => {
  const other = limits as { indexBytesInFlight: number };
  const before = other.indexBytesInFlight;
  afterEach(() => void (other.indexBytesInFlight = before));

  it('reads as many index objects at once as fit its bound, and a larger one alone', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    for (let i = 0; i < 6; i += 1) await backup(repository, [folder(''), file('file', randomBytes(3_000))]);
    const last = await backup(repository, [folder(''), file('file', randomBytes(400_000))]);
    const sizes = new Map((await Array.fromAsync(store.list('index/'))).map(({ name, bytes }) => [name, bytes]));
    const least = Math.min(...sizes.values());
    other.indexBytesInFlight = 2 * least + 1;
    let [held, most] = [0, 0];
    class Watching extends MemoryStore {
      override list = store.list.bind(store);
      override stat = store.stat.bind(store);
      override async get(...[name, options]: Parameters<MemoryStore['get']>): Promise<Buffer> {
        held += sizes.get(name) ?? 0;
        most = Math.max(most, held);
        await setTimeout(5);
        held -= sizes.get(name) ?? 0;
        return store.get(name, options);
      }
    }
    const files = await readAll(await reopen(new Watching()), last);
    expect(files.get('file')?.length).toBe(400_000);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(Math.max(2 * least + 1, ...sizes.values()));
  });
});

describe.skipIf(whyNoMount !== undefined)(`a catalog on a disk that is full${skippedFor(whyNoMount)}`, () => {
  const other = limits as { chunksInMemory: number };
  const before = other.chunksInMemory;
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'lifeboat-catalog-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place]);
    vi.stubEnv('TMPDIR', place);
  });
  afterEach(() => {
    other.chunksInMemory = before;
    vi.unstubAllEnvs();
    spawnSync('umount', ['--lazy', place]);
    rmSync(place, { recursive: true });
  });

  it('does not take packs for read that it had no room for: they are read when there is', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const contents = Array.from({ length: 8 }, () => randomBytes(300_000));
    const points: Point[] = [];
    for (const bytes of contents) points.push(await backup(repository, [folder(''), file('file', bytes)]));
    other.chunksInMemory = 4;
    const filler = join(place, 'filler');
    expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow('ENOSPC');
    const reopened = await reopen(store);
    for (const point of points) await expect(readAll(reopened, point)).rejects.toMatchObject({ code: 'disk.full' });
    rmSync(filler);
    for (const [i, point] of points.entries())
      expect((await readAll(reopened, point)).get('file')?.equals(contents[i] as Buffer)).toBe(true);
    expect(reopened.damage()).toEqual([]);
  });
});
