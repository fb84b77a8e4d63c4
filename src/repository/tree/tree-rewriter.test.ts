import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, PointContents, RewrittenTree } from '../../assets/index.ts';
import { limits } from '../../core/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Point, Repository } from '../repository.ts';
import { backup, facts, file, folder, makeRepository, readAll, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { backupTree, treeAsset } from '../testing/trees.ts';

const page = 8192;
const region = limits.fixedChunkBytes;

describe('a file that stands there and becomes what a point says', () => {
  let base: string;
  let store: MemoryStore;
  let repository: Repository;
  const path = (): string => join(base, 'tree', 'relation');

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'lifeboat-rewrite-'));
    await mkdir(join(base, 'tree'));
    store = new MemoryStore();
    repository = await makeRepository(store);
  });
  afterEach(() => rm(base, { recursive: true, force: true }));

  async function takePoint(against?: Point): Promise<Point> {
    const writer = await repository.write({ ...writeOptions, ...(against && { against }) });
    const { size, mtimeNs } = await stat(path(), { bigint: true });
    await writer.add({
      path: 'relation',
      type: 'file',
      mode: 0o600,
      modifiedNs: mtimeNs,
      bytesExpected: Number(size),
      chunking: 'fixed',
      pageBytes: page,
      reread: true,
      content: { kind: 'file', path: path() },
    });
    return writer.commit(facts(), { planHash: 'hash', tool: 'test' });
  }

  /** Keeps what stands there, and makes it the point. */
  async function putBack(point: Point): Promise<{ image: Point; written: RewrittenTree }> {
    const image = await takePoint(point);
    const contents = await repository.contents(point);
    const written = await contents.rewriteTree?.(join(base, 'tree'), await repository.contents(image));
    return { image, written: written as RewrittenTree };
  }

  const holds = async (point: Point): Promise<Buffer | undefined> =>
    (await readAll(await reopen(store), point)).get('relation');

  it('costs the pages that differ, in the store and on the disk, and can be taken back byte for byte', async () => {
    const before = randomBytes(6 * region);
    await writeFile(path(), before);
    const point = await takePoint();
    const now = Buffer.from(before);
    for (let one = 0; one < 6; one += 1) randomBytes(100).copy(now, one * region + one * page + 50);
    await writeFile(path(), now);
    const { image, written } = await putBack(point);
    expect((await readFile(path())).equals(before)).toBe(true);
    expect(written.bytesWritten).toBe(6 * page);
    expect(image.storedBytes).toBeLessThan(6 * page + 8000);
    expect((await holds(image))?.equals(now)).toBe(true);
    const back = await putBack(image);
    expect((await readFile(path())).equals(now)).toBe(true);
    expect(back.written.bytesWritten).toBe(6 * page);
  });

  it('asks a store once for the list of the point, though it is gone through twice, and files are looked up in it later', async () => {
    await writeFile(path(), randomBytes(2 * region));
    const point = await takePoint();
    const asked = async (work: (contents: PointContents) => Promise<unknown>): Promise<number> => {
      const contents = await (await reopen(store)).contents(point);
      const before = store.calls.length;
      await work(contents);
      return store.calls.slice(before).filter(({ operation, name }) => operation === 'get' && name.startsWith('packs/'))
        .length;
    };
    const once = await asked((contents) => Array.fromAsync(contents.entries()));
    expect(once).toBeGreaterThan(0);
    const current = await repository.contents(point);
    const all = await asked(async (contents) => {
      await contents.rewriteTree?.(join(base, 'tree'), current);
      await Array.fromAsync(contents.entries());
    });
    // That of what stands there is another one.
    expect(all).toBe(2 * once);
  });

  it('writes nothing where nothing differs, whatever the times say', async () => {
    await writeFile(path(), randomBytes(2 * region + 100));
    const point = await takePoint();
    await writeFile(path(), await readFile(path()));
    expect((await putBack(point)).written).toMatchObject({ bytesWritten: 0 });
  });

  it('is kept whole where the list of the point is lost, and the image says what that cost', async () => {
    await writeFile(path(), randomBytes(2 * region));
    const point = await takePoint();
    store.objects.delete(`points/${point.id}`);
    const image = await takePoint(point);
    expect(image.facts.warnings).toEqual([
      expect.stringMatching(/^the entry list .* could not be read, and of files that changed more was stored /),
    ]);
    expect((await holds(image))?.equals(await readFile(path()))).toBe(true);
  });

  it('is written by threads where much differs, a part of it whole and the rest here and there, there and back', async () => {
    repository = await makeRepository(await openFsStore(join(base, 'store'), true));
    const whole = limits.threadedBytesMin;
    const before = randomBytes(whole + 16 * region + 5000);
    await writeFile(path(), before);
    const point = await takePoint();
    const now = Buffer.from(before);
    randomBytes(whole).copy(now);
    for (let one = 0; one < 16; one += 1) randomBytes(100).copy(now, whole + one * region + one * page);
    await writeFile(path(), now);
    const { image, written } = await putBack(point);
    expect((await readFile(path())).equals(before)).toBe(true);
    expect(written.bytesWritten).toBe(whole + 16 * page);
    await putBack(image);
    expect((await readFile(path())).equals(now)).toBe(true);
  });

  it('is right after any changes, growth, cuts and zeros, there and back', async () => {
    const edit = fc.record({
      how: fc.constantFrom('bytes', 'zeros', 'grow', 'cut'),
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      bytes: fc.integer({ min: 1, max: 90_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), async (edits) => {
        const before = Buffer.concat([randomBytes(region), Buffer.alloc(region / 2), randomBytes(region)]);
        await writeFile(path(), before);
        const point = await takePoint();
        for (const one of edits) await change(path(), one);
        const now = await readFile(path());
        const { image } = await putBack(point);
        expect((await readFile(path())).equals(before)).toBe(true);
        await putBack(image);
        expect((await readFile(path())).equals(now)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('may have been changed in a year that 64 bits of nanoseconds do not reach', async () => {
    const before = randomBytes(2 * region);
    await writeFile(path(), before);
    const point = await takePoint();
    const now = Buffer.from(before);
    randomBytes(100).copy(now, page);
    await writeFile(path(), now);
    const inTheYear2286 = 10 ** 10;
    await utimes(path(), inTheYear2286, inTheYear2286);
    expect((await putBack(point)).written).toMatchObject({ bytesWritten: page });
    expect((await readFile(path())).equals(before)).toBe(true);
  });

  it('is nowhere but below its root, whatever a list puts below a link', async () => {
    const tree = join(base, 'tree');
    const outside = join(base, 'outside');
    await mkdir(join(outside, 'folder'), { recursive: true });
    await writeFile(join(outside, 'file'), 'of somebody else');
    const link: Entry = { path: 'link', type: 'symlink', mode: 0o777, modifiedNs: 0n, target: outside };
    const bad: Entry[][] = [
      [link, file('link/file', Buffer.from('ours'))],
      [link, file('link/new', Buffer.from('ours'))],
      [link, folder('link/new')],
      [link, folder('link/folder', 0o700)],
      [link, { ...link, path: 'link/other' }],
    ];
    const { mode, mtimeMs } = await stat(join(outside, 'folder'));
    for (const [at, entries] of bad.entries()) {
      await rm(tree, { recursive: true });
      await mkdir(tree);
      const point = await backup(repository, [folder(''), ...entries]);
      const current = await repository.contents(await backupTree(repository, treeAsset(tree), { asset: 'image' }));
      const rewritten = (await repository.contents(point)).rewriteTree?.(tree, current);
      await expect(rewritten, `case ${at}`).rejects.toMatchObject({ code: 'repository.damaged' });
      expect(await readFile(join(outside, 'file'), 'utf8')).toBe('of somebody else');
      expect((await readdir(outside)).toSorted()).toEqual(['file', 'folder']);
      expect(await stat(join(outside, 'folder'))).toMatchObject({ mode, mtimeMs });
    }
  });
});

async function change(path: string, { how, at, bytes }: { how: string; at: number; bytes: number }): Promise<void> {
  const content = await readFile(path);
  const offset = Math.floor(at * content.length);
  const end = Math.min(content.length, offset + bytes);
  if (how === 'grow') return writeFile(path, Buffer.concat([content, randomBytes(bytes)]));
  if (how === 'cut') return truncate(path, content.length - Math.floor(bytes * at));
  if (how === 'zeros') content.fill(0, offset, end);
  else randomBytes(end - offset).copy(content, offset);
  await writeFile(path, content);
}
