import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import type { Point } from '../repository.ts';
import { backup, file, folder, makeRepository, reopen } from '../testing/fixtures.ts';

/** More than threads need to take over; its end is no whole page, and there is a hole in it. */
const pages = Buffer.concat([
  randomBytes(12 * 2 ** 20),
  Buffer.alloc(3 * 2 ** 20),
  randomBytes(9 * 2 ** 20),
  Buffer.from('end'),
]);
const contents = new Map([
  ['pages', pages],
  ['same', pages],
  ['free', Buffer.concat([randomBytes(6 * 2 ** 20), Buffer.from('text '.repeat(500_000))])],
  ['small', randomBytes(20_000)],
]);
const entries = [
  folder(''),
  ...[...contents].map(([name, bytes]) => file(name, bytes, name === 'free' ? {} : { chunking: 'fixed' })),
];

let base: string;
let point: Point;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'lifeboat-local-'));
  point = await backup(await makeRepository(await openFsStore(join(base, 'whole'), true)), entries);
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function copy(name: string): Promise<string> {
  await cp(join(base, 'whole'), join(base, name), { recursive: true });
  return join(base, name);
}

/** Restores from the store in this folder and holds every byte against what was backed up. */
async function restored(store: string): Promise<number> {
  const target = `${store}-restored`;
  await mkdir(target);
  const opened = await (await reopen(await openFsStore(store, false))).contents(point);
  await opened.writeTree(target);
  for (const [name, bytes] of contents) expect((await readFile(join(target, name))).equals(bytes), name).toBe(true);
  return opened.damage().length;
}

/** The largest first: the last one of a backup may hold next to nothing. */
async function packsIn(store: string): Promise<string[]> {
  const all = await readdir(join(store, 'packs'), { recursive: true, withFileTypes: true });
  const paths = all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const sized = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
  return sized.toSorted((a, b) => b.bytes - a.bytes).map(({ path }) => path);
}

async function change(path: string): Promise<void> {
  const bytes = await readFile(path);
  for (const at of [0.2, 0.5, 0.8])
    bytes[Math.floor(bytes.length * at)] = (bytes[Math.floor(bytes.length * at)] as number) ^ 1;
  await rm(path);
  await writeFile(path, bytes);
}

describe('packs that are files of this machine', () => {
  test('give back every byte, and holes stay holes', async () => {
    expect(await restored(await copy('sound'))).toBe(0);
    const { blocks } = await stat(join(base, 'sound-restored', 'pages'));
    expect(blocks * 512).toBeLessThan(pages.length - 2 * 2 ** 20);
  });

  test('are verified in stretches, never more of them in memory than a bound', async () => {
    const store = await openFsStore(await copy('verified'), false);
    const asked = { now: 0, most: 0, longest: 0 };
    const counted: Store = {
      location: store.location,
      atomicCreate: true,
      put: (...given) => store.put(...given),
      get: async (name, options = {}) => {
        const bytes = name.startsWith('packs/') ? (options.range?.length ?? Infinity) : 0;
        asked.now += bytes;
        asked.most = Math.max(asked.most, asked.now);
        asked.longest = Math.max(asked.longest, bytes);
        const got = await store.get(name, options);
        asked.now -= bytes;
        return got;
      },
      stat: (...given) => store.stat(...given),
      list: (...given) => store.list(...given),
      remove: (...given) => store.remove(...given),
      fileOf: (name) => store.fileOf?.(name) ?? '',
      close: () => store.close(),
    };
    const { damage, checked } = await (await reopen(counted)).verify({ depth: 'everything' });
    expect(damage).toEqual([]);
    expect(checked.plainBytes).toBeGreaterThan(pages.length);
    expect(asked.longest).toBeLessThanOrEqual(limits.nearStretchBytes + limits.chunkBytesMax);
    expect(asked.most).toBeLessThanOrEqual(limits.threadsMax * limits.nearBytesPerThread);
  });

  test('that are damaged never give wrong bytes, and the error names the pack', async () => {
    const store = await copy('damaged');
    const [pack] = await packsIn(store);
    await change(pack as string);
    await expect(restored(store)).rejects.toMatchObject({
      code: 'repository.damaged',
      where: expect.stringContaining((pack as string).slice(-20)),
    });
  });

  test('that are gone or cut are told as such', async () => {
    for (const [name, break_, code] of [
      ['gone', (path: string) => rm(path), 'repository.incomplete'],
      [
        'cut',
        async (path: string) => writeFile(`${path}`, (await readFile(path)).subarray(0, 9_000)),
        'repository.damaged',
      ],
    ] as const) {
      const store = await copy(name);
      const pack = (await packsIn(store))[0] as string;
      const bytes = await readFile(pack);
      await rm(pack);
      await writeFile(pack, bytes);
      await break_(pack);
      await expect(restored(store), name).rejects.toMatchObject({ code });
    }
  });

  test('are read elsewhere where a good copy of their chunks stands, and that is told', async () => {
    const store = await copy('twice');
    const packs = await packsIn(store);
    // A writer who could not see the packs stores all chunks again.
    const hidden = await Promise.all(packs.map(async (path) => [path, await readFile(path)] as const));
    for (const path of packs) await rm(path);
    const again = await reopen(await openFsStore(store, false));
    const writer = await backup(again, entries);
    expect(writer.storedBytes).toBeGreaterThan(2 ** 20);
    for (const [path, bytes] of hidden) await writeFile(path, bytes);
    const other = join(base, 'twice-other');
    await cp(store, other, { recursive: true });
    // Which copy is read first is left to chance: in one of the two stores it is the damaged one.
    for (const path of packs) await change(path);
    for (const path of await packsIn(other)) if (!packs.includes(path.replace(other, store))) await change(path);
    expect((await restored(store)) + (await restored(other))).toBeGreaterThan(0);
  });
});
