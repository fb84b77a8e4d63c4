import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry } from '../../../assets/index.ts';
import { limits } from '../../../core/index.ts';
import type { Point, Repository } from '../../repository.ts';
import { facts, makeRepository, readAll, reopen, writeOptions } from '../../testing/fixtures.ts';
import { MemoryStore } from '../../testing/memory-store.ts';

const page = 4096;
const region = limits.fixedChunkBytes;

describe('a file whose pages change here and there', () => {
  let base: string;
  let path: string;
  let store: MemoryStore;
  let repository: Repository;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-pages-'));
    path = join(base, 'database');
    store = new MemoryStore();
    repository = await makeRepository(store);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  async function takePoint(content: Buffer, previous?: Point, distrust?: ReadonlySet<string>): Promise<Point> {
    await writeFile(path, content);
    const more = { ...(previous && { previous }), ...(distrust && { distrust }) };
    const writer = await repository.write({ ...writeOptions, ...more });
    try {
      const entry: Entry = {
        path: 'database',
        type: 'file',
        mode: 0o600,
        modifiedNs: 1n,
        chunking: 'fixed',
        pageBytes: page,
        content: { kind: 'file', path, standIn: true },
      };
      await writer.add(entry);
      return await writer.commit(facts(), { planHash: 'hash', tool: 'test' });
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  }

  /** By both ways of reading a point, from the store alone. */
  async function expectHolds(point: Point, content: Buffer): Promise<void> {
    const stranger = await reopen(store);
    expect((await readAll(stranger, point)).get('database')?.equals(content)).toBe(true);
    await rm(join(base, 'target'), { recursive: true, force: true });
    await mkdir(join(base, 'target'));
    await (await stranger.contents(point)).writeTree(join(base, 'target'));
    expect((await readFile(join(base, 'target/database'))).equals(content)).toBe(true);
  }

  const withPages = (content: Buffer, pages: readonly number[]): Buffer<ArrayBuffer> => {
    const changed = Buffer.from(content);
    for (const one of pages) randomBytes(page).copy(changed, one * page);
    return changed;
  };

  test('costs the changed pages, and a point after nothing has changed costs nothing', async () => {
    const content = randomBytes(8 * region);
    const first = await takePoint(content);
    // One page of each fixed piece: all of them would be stored anew.
    const changed = withPages(
      content,
      Array.from({ length: 8 }, (_, i) => i * 128 + i),
    );
    const second = await takePoint(changed, first);
    expect(second.storedBytes).toBeLessThan(8 * page + 8_000);
    const third = await takePoint(changed, second);
    expect(third.storedBytes).toBeLessThan(200);
    await expectHolds(first, content);
    await expectHolds(second, changed);
    await expectHolds(third, changed);
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
  });

  test('is stored anew where a piece would be gathered from too many points', async () => {
    let content: Buffer = randomBytes(region);
    let point = await takePoint(content);
    const stored: number[] = [];
    for (let round = 0; round < limits.chunksPerRegionMax + 2; round += 1) {
      content = withPages(content, [round * 3]);
      point = await takePoint(content, point);
      stored.push(point.storedBytes);
    }
    expect(stored.filter((bytes) => bytes > region)).toHaveLength(1);
    await expectHolds(point, content);
  });

  test('is stored anew where most of a piece has changed', async () => {
    const content = randomBytes(region);
    const first = await takePoint(content);
    const changed = withPages(
      content,
      Array.from({ length: 70 }, (_, i) => i),
    );
    expect((await takePoint(changed, first)).storedBytes).toBeGreaterThan(region);
  });

  test('does not rest on what the store has lost, changed, or what is distrusted', async () => {
    const content = randomBytes(2 * region);
    const first = await takePoint(content);
    const changed = withPages(content, [5]);
    const [pack] = [...store.objects.keys()].filter((name) => name.startsWith('packs/'));
    const packName = pack as string;
    const kept = store.objects.get(packName) as Buffer;
    await expectHolds(await takePoint(changed, first, new Set([packName])), changed);
    const flipped = Buffer.from(kept);
    flipped[200_000] = (flipped[200_000] as number) ^ 1;
    for (const harmed of [flipped, undefined]) {
      const others = withPages(content, [7, 200]);
      if (harmed === undefined) store.objects.delete(packName);
      else store.objects.set(packName, harmed);
      repository = await reopen(store);
      const outcome = await takePoint(others, first).catch(String);
      // A read-back may meet the damage first, and refuses the point then.
      if (typeof outcome === 'string') expect(outcome).toContain('packs/');
      else if (harmed === undefined) await expectHolds(outcome, others);
      store.objects.set(packName, kept);
    }
  });

  test('is right after any changes, growth, cuts and zeros, point after point', async () => {
    const edit = fc.record({
      how: fc.constantFrom('page', 'byte', 'zeros', 'grow', 'cut', 'rest'),
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      bytes: fc.integer({ min: 1, max: 90_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 4 }), { minLength: 1, maxLength: 6 }), async (rounds) => {
        store = new MemoryStore();
        repository = await makeRepository(store);
        let content: Buffer = Buffer.concat([randomBytes(region), Buffer.alloc(region / 2), randomBytes(region)]);
        const points: [Point, Buffer][] = [[await takePoint(content), content]];
        for (const edits of rounds) {
          for (const one of edits) content = edited(content, one);
          points.push([await takePoint(content, points.at(-1)?.[0]), content]);
        }
        for (const [point, bytes] of points) await expectHolds(point, bytes);
        expect((await repository.verify({ depth: 'points' })).damage).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});

function edited(content: Buffer, { how, at, bytes }: { how: string; at: number; bytes: number }): Buffer {
  const result = Buffer.from(content);
  const offset = Math.floor(at * content.length);
  const end = Math.min(content.length, offset + bytes);
  if (how === 'page') randomBytes(Math.min(page, content.length - offset)).copy(result, offset);
  else if (how === 'byte' && result.length > 0) result[offset] = (result[offset] as number) ^ 1;
  else if (how === 'zeros') result.fill(0, offset, end);
  else if (how === 'rest') randomBytes(end - offset).copy(result, offset);
  else if (how === 'grow') return Buffer.concat([result, randomBytes(bytes)]);
  else if (how === 'cut') return Buffer.from(result.subarray(0, result.length - Math.floor(bytes * at)));
  return result;
}
