import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../assets/index.ts';
import { limits } from '../../core/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Point, Repository } from '../repository.ts';
import { facts, folder, makeRepository, reopen, writeOptions } from '../testing/fixtures.ts';

const page = 4096;
const stretch = limits.fixedChunkBytes;

describe('a large file of which only changed pages were stored', () => {
  let base: string;
  let repository: Repository;
  /** Each state of the file, the first one first, and its point. */
  const states: { content: Buffer; point: Point; packs: string[] }[] = [];
  const packs = async (): Promise<string[]> => {
    const all = await readdir(join(base, 'store/packs'), { recursive: true, withFileTypes: true });
    return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  };

  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-changed-'));
    repository = await makeRepository(await openFsStore(join(base, 'store'), true));
    // More than threads need to take over; it ends within a page, and has a hole.
    let content = Buffer.concat([randomBytes(20 * 2 ** 20), Buffer.alloc(2 * 2 ** 20), randomBytes(3 * 2 ** 20 + 77)]);
    for (let state = 0; state < 4; state += 1) {
      if (state > 0) content = changed(content, state);
      const point = await takePoint(content, states.at(-1)?.point);
      states.push({ content, point, packs: await packs() });
    }
  });
  afterAll(() => rm(base, { recursive: true, force: true }));

  /** Pages here and there, some beside each other, the last one, some in the hole; one stretch gets zeros where it had none. */
  function changed(before: Buffer, state: number): Buffer<ArrayBuffer> {
    const after = Buffer.from(before);
    for (let at = state * page; at + page <= after.length; at += (11 + state) * page) randomBytes(page).copy(after, at);
    randomBytes(5 * page).copy(after, state * stretch - 2 * page);
    randomBytes(50).copy(after, after.length - 50);
    after.fill(0, state * stretch + 3 * page, state * stretch + 7 * page);
    return after;
  }

  async function takePoint(content: Buffer, previous?: Point): Promise<Point> {
    const path = join(base, 'source');
    await writeFile(path, content);
    const writer = await repository.write({ ...writeOptions, ...(previous && { previous }) });
    const database = { type: 'file', mode: 0o600, modifiedNs: 1n, chunking: 'fixed', pageBytes: page } as const;
    const entry: Entry = { ...database, path: 'database', content: { kind: 'file', path, standIn: true } };
    await writer.add(folder(''));
    await writer.add(entry);
    return writer.commit(facts(), { planHash: 'hash', tool: 'test' });
  }

  async function restored(point: Point): Promise<{ bytes: Buffer; damage: number }> {
    const target = await mkdtemp(join(base, 'target-'));
    await rm(target, { recursive: true });
    await mkdir(target);
    const contents = await (await reopen(await openFsStore(join(base, 'store'), false))).contents(point);
    await contents.writeTree(target);
    const bytes = await readFile(join(target, 'database'));
    await rm(target, { recursive: true });
    return { bytes, damage: contents.damage().length };
  }

  test('comes back byte by byte, in each of its states', async () => {
    for (const { content, point } of states) {
      const { bytes, damage } = await restored(point);
      expect(bytes.equals(content)).toBe(true);
      expect(damage).toBe(0);
    }
    expect(states[3]?.point.storedBytes).toBeLessThan((states[0] as { content: Buffer }).content.length / 4);
  });

  test('does not come back, and names the pack, where one that it needs was cut', async () => {
    const [first, , , last] = states as [(typeof states)[0], unknown, unknown, (typeof states)[0]];
    const pack = (await largest(first.packs)) as string;
    const whole = await readFile(pack);
    await truncate(pack, Math.floor(whole.length / 2));
    await expect(restored(last.point)).rejects.toMatchObject({ code: 'repository.damaged' });
    const flipped = Buffer.from(whole);
    flipped[Math.floor(whole.length / 3)] = (flipped[Math.floor(whole.length / 3)] as number) ^ 1;
    await writeFile(pack, flipped);
    await expect(restored(last.point)).rejects.toMatchObject({ code: 'repository.damaged' });
    await writeFile(pack, whole);
    expect((await restored(last.point)).bytes.equals(last.content)).toBe(true);
  });
});

async function largest(paths: readonly string[]): Promise<string | undefined> {
  const sized = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
  return sized.toSorted((a, b) => b.bytes - a.bytes)[0]?.path;
}
