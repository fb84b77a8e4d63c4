import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import type { GetOptions, Store } from '../../stores/index.ts';
import type { Point, Repository } from '../repository.ts';
import { backup, file, folder, makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const content = randomBytes(24 * 2 ** 20);
let store: MemoryStore;
let whole: ReadonlyMap<string, Buffer>;
let point: Point;
let place: string;

beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'lifeboat-far-'));
  store = new MemoryStore();
  point = await backup(await makeRepository(store), [folder(''), file('big', content, { chunking: 'fixed' })]);
  whole = new Map(store.objects);
});
afterAll(() => rm(place, { recursive: true, force: true }));
beforeEach(() => {
  for (const [name, bytes] of whole) store.objects.set(name, Buffer.from(bytes));
});

const largest = (): string =>
  [...whole].filter(([name]) => name.startsWith('packs/')).toSorted((a, b) => b[1].length - a[1].length)[0]?.[0] ?? '';
const change = (how: (bytes: Buffer) => Buffer): void =>
  void store.objects.set(largest(), how(store.objects.get(largest()) as Buffer));
const flip = (at: number) => (bytes: Buffer) => {
  bytes[Math.floor(bytes.length * at)] = (bytes[Math.floor(bytes.length * at)] as number) ^ 1;
  return bytes;
};
/** Methods of a store in memory know it by private names. */
const alias = (): Store => ({
  location: 'far',
  atomicCreate: true,
  put: (...given) => store.put(...given),
  get: (...given) => store.get(...given),
  stat: (...given) => store.stat(...given),
  list: (...given) => store.list(...given),
  remove: (...given) => store.remove(...given),
  close: () => store.close(),
});
const verified = async (repository: Repository) => repository.verify({ depth: 'everything' });

describe('packs that are no files of this machine', () => {
  test('are read in stretches, several at once, never more than a bound, and give back every byte', async () => {
    const asked = { now: 0, most: 0, longest: 0 };
    const counted: Store = Object.assign(alias(), {
      get: async (name: string, options: GetOptions = {}) => {
        const bytes = name.startsWith('packs/') ? (options.range?.length ?? 0) : 0;
        asked.now += bytes;
        asked.most = Math.max(asked.most, asked.now);
        asked.longest = Math.max(asked.longest, bytes);
        await new Promise((resolve) => setTimeout(resolve, 5));
        asked.now -= bytes;
        return store.get(name, options);
      },
    });
    const target = await mkdtemp(join(place, 'out-'));
    const contents = await (await reopen(counted)).contents(point);
    await contents.writeTree(target);
    expect((await readFile(join(target, 'big'))).equals(content)).toBe(true);
    expect(contents.damage()).toEqual([]);
    expect(asked.longest).toBeLessThanOrEqual(limits.farStretchBytes + limits.chunkBytesMax);
    expect(asked.most).toBeGreaterThan(2 * limits.farStretchBytes);
    expect(asked.most).toBeLessThanOrEqual(limits.farBytesInFlight);
    expect(await verified(await reopen(counted))).toMatchObject({ damage: [] });
  });

  test.each([
    ['a changed chunk', flip(0.5), 1],
    ['a changed hash at the end', (bytes: Buffer) => flip(1 - 1 / bytes.length)(bytes), 0],
    ['a byte too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]), 0],
    ['a missing end', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100), 0],
    ['a missing half', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 1],
    ['nothing in them', () => Buffer.alloc(0), 1],
  ])('with %s are told by name, with the points that suffer', async (_, how, suffering) => {
    change(how);
    const { damage } = await verified(await reopen(store));
    const found = damage.filter(({ object }) => object === largest());
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(damage.flatMap(({ points }) => points)).size).toBe(suffering);
  });

  test('that are gone are told, and the rest is read', async () => {
    store.objects.delete(largest());
    const { damage, checked } = await verified(await reopen(store));
    expect(damage).toContainEqual(expect.objectContaining({ object: largest(), code: 'repository.incomplete' }));
    expect(checked.chunks).toBeGreaterThan(0);
  });
});
