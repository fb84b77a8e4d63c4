import { randomBytes } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Entry, FileStamp } from '../../assets/index.ts';
import { limits, ManualClock, systemClock } from '../../core/index.ts';
import { encodeEntry, type ListedEntry } from '../format/entry-list.ts';
import { PreviousList } from './previous-list.ts';
import type { Point, Repository } from '../repository.ts';
import { makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backupTree, bytesRead, portrait, restoreTree, textOf, treeAsset } from '../testing/trees.ts';

const large = 8 * 2 ** 20;

describe('the second backup of a tree', () => {
  let base: string;
  let source: string;
  let store: MemoryStore;
  let repository: Repository;
  let first: Point;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-unchanged-'));
    source = join(base, 'source');
    await mkdir(join(source, 'small'), { recursive: true });
    await writeFile(join(source, 'large'), randomBytes(large));
    for (let i = 0; i < 200; i += 1) await writeFile(join(source, `small/f${i}`), `content of ${i}`);
    store = new MemoryStore();
    repository = await makeRepository(store);
    first = later(await backupTree(repository, treeAsset(source)));
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  /** The point as if it had been taken long after the files were written. */
  const later = (point: Point): Point => ({ ...point, atMs: point.atMs + 60_000 });
  const second = (asset = treeAsset(source), previous = first): Promise<Point> =>
    backupTree(repository, asset, { previous });

  test('does not read what has not changed, and holds the same', async () => {
    const before = bytesRead();
    const point = await second();
    expect(bytesRead() - before).toBeLessThan(large / 4);
    expect(point).toMatchObject({ files: first.files, bytes: first.bytes });
    await restoreTree(repository, point, join(base, 'target'));
    expect(portrait(join(base, 'target'))).toEqual(portrait(source));
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
  });

  test('reads everything when it is told to, or knows of no point before', async () => {
    for (const again of [
      () => second(treeAsset(source, { reread: 'everything' })),
      () => backupTree(repository, treeAsset(source)),
    ]) {
      const before = bytesRead();
      expect((await again()).storedBytes).toBe(0);
      expect(bytesRead() - before).toBeGreaterThanOrEqual(large);
    }
  });

  test('reads a file whose content was changed and whose size and time were put back (the system stamps it)', async () => {
    for (const path of ['small/f7', 'large']) {
      const { atime, mtime, size } = await stat(join(source, path));
      await writeFile(join(source, path), 'F'.repeat(size));
      await utimes(join(source, path), atime, mtime);
      expect(await textOf(repository, await second(), path)).toBe('F'.repeat(size));
    }
  });

  test('reads a file that another one of the same size and time was put in the place of', async () => {
    const { atime, mtime } = await stat(join(source, 'small/f7'));
    await writeFile(join(base, 'other'), 'CONTENT OF 7');
    await utimes(join(base, 'other'), atime, mtime);
    await rename(join(base, 'other'), join(source, 'small/f7'));
    expect(await textOf(repository, await second(), 'small/f7')).toBe('CONTENT OF 7');
  });

  test('finds its place again behind what came, went and was renamed', async () => {
    await writeFile(join(source, 'a new one'), 'new');
    await rm(join(source, 'small/f150'));
    await rename(join(source, 'small/f199'), join(source, 'zz'));
    await mkdir(join(source, 'small/f0.d'));
    const before = bytesRead();
    const point = await second();
    expect(bytesRead() - before).toBeLessThan(large / 4);
    await restoreTree(repository, point, join(base, 'target'));
    expect(portrait(join(base, 'target'))).toEqual(portrait(source));
  });

  test('reads again whatever lay in packs that are gone or distrusted, and is whole without them', async () => {
    const packs = [...store.objects.keys()].filter((name) => name.startsWith('packs/'));
    const point = await backupTree(repository, treeAsset(source), { previous: first, distrust: new Set(packs) });
    for (const name of packs) store.objects.delete(name);
    const fresh = await reopen(store);
    // Taken when they were gone already.
    const third = await backupTree(fresh, treeAsset(source), { previous: first });
    for (const [i, one] of [point, third].entries()) {
      await restoreTree(fresh, one, join(base, `target${i}`));
      expect(portrait(join(base, `target${i}`))).toEqual(portrait(source));
    }
  });

  test('reads everything when the list of the point before is lost, and says so', async () => {
    store.objects.delete(`points/${first.id}`);
    const point = await second();
    expect(point.facts.warnings).toEqual([
      expect.stringMatching(/the point before could not be read.*every file was read/),
    ]);
    expect(point.files).toBe(201);
  });

  test('of files that were written just before the first began reads them again', async () => {
    const point = await backupTree(repository, treeAsset(source));
    await backupTree(repository, treeAsset(source), { previous: point });
    const before = bytesRead();
    // Not moved: the files are as young as the test.
    await backupTree(repository, treeAsset(source), { previous: point });
    expect(bytesRead() - before).toBeGreaterThanOrEqual(large);
  });
});

describe('a file is known again', () => {
  const clock = new ManualClock(1_700_000_000_000);
  const stamp: FileStamp = { changedNs: 1_600_000_000_000_000_000n, inode: 7n, device: 3n };
  const header = { path: 'f', type: 'file', mode: 0o644, modifiedNs: 5n, stamp } as const;
  const entry: Entry = { ...header, bytesExpected: 10 };
  const listed = (over: object = {}): ListedEntry => ({
    entry: { ...header, bytes: 10, ...over },
    pieces: [{ offset: 0, bytes: 10, id: Buffer.alloc(32, 1) }],
  });
  const isKnown = async (before: ListedEntry, now: Entry = entry, isStored = true): Promise<boolean> => {
    const lines = encodeEntry(before.entry, before.entry.bytes, before.entry.torn === true, before.pieces);
    const parts = async function* (): AsyncGenerator<string[]> {
      yield ['{"path":"a","type":"folder","mode":1,"modified":"1"}'];
      yield lines.trimEnd().split('\n');
    };
    const list = new PreviousList(parts(), clock.now(), () => isStored);
    return (await list.find(now)) !== undefined;
  };

  test('when nothing differs, or nothing but what is no content', async () => {
    expect(await isKnown(listed())).toBe(true);
    expect(await isKnown(listed({ sparse: true }))).toBe(true);
    expect(await isKnown(listed(), { ...entry, user: 'renamed' })).toBe(true);
  });

  test('when it has more pieces than one line holds, and all of them are there', async () => {
    const bytes = limits.piecesPerLine * 3;
    const pieces = Array.from({ length: bytes }, (_, i) => ({ offset: i, bytes: 1, id: Buffer.alloc(32, i) }));
    const long = { ...listed({ bytes }), pieces };
    expect(await isKnown(long, { ...entry, bytesExpected: bytes })).toBe(true);
    expect(await isKnown(long, { ...entry, bytesExpected: bytes }, false)).toBe(false);
  });

  test.each([
    ['size', { bytes: 11 }],
    ['modification time', { modifiedNs: 6n }],
    ['time of any change', { stamp: { ...stamp, changedNs: stamp.changedNs + 1n } }],
    ['inode', { stamp: { ...stamp, inode: 8n } }],
    ['device', { stamp: { ...stamp, device: 4n } }],
    ['numbers that were not kept', { stamp: { changedNs: stamp.changedNs } }],
    ['stamp at all (a point of the first days)', { stamp: undefined }],
    ['path', { path: 'g' }],
    ['type', { type: 'symlink' }],
    ['state: it was torn', { torn: true }],
  ])('but not with another %s', async (_, over) => expect(await isKnown(listed(over))).toBe(false));

  test('but not when a chunk of it is no longer there', async () =>
    expect(await isKnown(listed(), entry, false)).toBe(false));

  test('but not when it changed within the grain of the clock before that capture, or in its future', async () => {
    const at = (ms: number): Promise<boolean> => {
      const changed = { ...stamp, changedNs: BigInt(clock.now() + ms) * 1_000_000n };
      return isKnown(listed({ stamp: changed }), { ...entry, stamp: changed });
    };
    expect(await at(-limits.stampGranularityMs - 1)).toBe(true);
    for (const ms of [-limits.stampGranularityMs, -1, 0, 5, 1e9]) expect(await at(ms)).toBe(false);
  });

  test('without its numbers where they are not kept', async () => {
    const bare = { changedNs: stamp.changedNs };
    expect(await isKnown(listed({ stamp: bare }), { ...entry, stamp: bare })).toBe(true);
  });
});

describe('small files', () => {
  test('that were copied elsewhere, or written anew, come into the same bundles and are stored once', async () => {
    const base = await mkdtemp(join(tmpdir(), 'lifeboat-bundles-'));
    try {
      await mkdir(join(base, 'source/a'), { recursive: true });
      for (let i = 0; i < 1200; i += 1)
        await writeFile(join(base, `source/a/f${String(i).padStart(4, '0')}`), randomBytes((i * 7919) % 12_000));
      const repository = await makeRepository(new MemoryStore());
      const first = await backupTree(repository, treeAsset(join(base, 'source')));
      await cp(join(base, 'source/a'), join(base, 'source/b'), { recursive: true });
      await rm(join(base, 'source/a'), { recursive: true });
      await writeFile(join(base, 'source/aa'), 'in front of all others');
      await appendFile(join(base, 'source/b/f1199'), 'x');
      const moved = await backupTree(repository, treeAsset(join(base, 'source')));
      // The bundles at both ends are new, and the entry list.
      expect(moved.storedBytes).toBeLessThan(first.storedBytes / 2);
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });

  test('never wait for a bundle that nothing more comes into', async () => {
    const base = await mkdtemp(join(tmpdir(), 'lifeboat-bundles-'));
    try {
      await writeFile(join(base, '0'), 'one small file, then empty ones alone');
      for (let i = 0; i < 2 * limits.bundleEntriesMax; i += 1) await writeFile(join(base, `e${i}`), '');
      const repository = await makeRepository(new MemoryStore());
      const slow = { ...systemClock, elapsed: () => (ticks += 1000) };
      let ticks = 0;
      for (const clock of [systemClock, slow]) {
        const point = await backupTree(repository, treeAsset(base), { clock });
        expect(await textOf(repository, point, '0')).toMatch(/^one small/);
      }
    } finally {
      await rm(base, { recursive: true, force: true });
    }
  });
});
