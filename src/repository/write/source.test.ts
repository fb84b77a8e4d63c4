import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../assets/index.ts';
import { limits, systemClock } from '../../core/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import { ChunkTable } from '../table/chunk-table.ts';
import { Chunker, contentChunkBytesMin, contentCut, fixedCut, type Cut } from './chunker.ts';
import { readFileContent } from './file-source.ts';
import { freshBundle, gearTable } from '../keys/keys.ts';
import {
  backup,
  cheap,
  entriesOf,
  file,
  folder,
  makeRepository,
  passphrase,
  picture,
  readAll,
  reopen,
  withFolder,
} from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { createRepository } from '../open.ts';

const byPath = (path: string, over: object = {}): Entry => ({
  path: 'file',
  type: 'file',
  mode: 0o600,
  modifiedNs: 0n,
  content: { kind: 'file', path, ...over },
});

describe('a source', () => {
  test('that changes each time it is read is told to be torn, and the point says so', async () => {
    await withFolder(async (base) => {
      const path = join(base, 'busy');
      await writeFile(path, 'start');
      let restarts = 0;
      const take = async (): Promise<void> => appendFile(path, 'x');
      const read = await readFileContent(
        { kind: 'file', path },
        () => new Chunker(fixedCut),
        take,
        () => void (restarts += 1),
      );
      expect(read.torn).toBe(true);
      expect(restarts).toBe(limits.rereadsMax);
      const allowed = await readFileContent(
        { kind: 'file', path, mayChange: true },
        () => new Chunker(fixedCut),
        take,
        () => {},
      );
      expect(allowed.torn).toBe(false);
    });
  });

  test('that changes once is read again, and what comes back is the later state', async () => {
    await withFolder(async (base) => {
      const path = join(base, 'file');
      await writeFile(path, 'first');
      let pieces: string[] = [];
      let changes = 1;
      const take = async ({ plain }: { plain: Buffer }): Promise<void> => {
        pieces.push(plain.toString());
        if (changes-- > 0) await writeFile(path, 'second state');
      };
      const read = await readFileContent(
        { kind: 'file', path },
        () => new Chunker(fixedCut),
        take,
        () => (pieces = []),
      );
      expect(pieces.join('')).toBe('second state');
      expect(read).toMatchObject({ torn: false, bytes: 12 });
    });
  });

  test('that grows beyond its stated length is cut there (files truncated or growing mid-copy are normal)', async () => {
    await withFolder(async (base) => {
      await writeFile(join(base, 'f'), randomBytes(10_000));
      const repository = await makeRepository(new MemoryStore());
      const point = await backup(repository, [byPath(join(base, 'f'), { bytes: 4000, mayChange: true })]);
      expect((await readAll(repository, point)).get('file')?.length).toBe(4000);
    });
  });

  test('that vanished or cannot be read is named, and nothing is half-visible', async () => {
    await withFolder(async (base) => {
      const store = new MemoryStore();
      const repository = await makeRepository(store);
      const gone = backup(repository, [byPath(join(base, 'gone'))]);
      await expect(gone).rejects.toMatchObject({ code: 'asset.vanished', where: join(base, 'gone') });
      await mkdir(join(base, 'folder'));
      const odd = backup(repository, [byPath(join(base, 'folder'))]);
      await expect(odd).rejects.toMatchObject({ code: 'asset.unreadable', where: join(base, 'folder') });
      expect((await repository.points()).points).toEqual([]);
      expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toEqual([]);
    });
  });

  test('of many small files does not ask the store once for each', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const before = store.calls.length;
    await backup(
      repository,
      Array.from({ length: 3000 }, (_, i) => file(`f${i}`, Buffer.from(`content ${i}`))),
    );
    expect(store.calls.length - before).toBeLessThan(40);
  });

  test('with a file of very many pieces comes back whole', async () => {
    const repository = await makeRepository(new MemoryStore());
    const pieces = limits.piecesPerLine + 10;
    const read = async function* (): AsyncGenerator<Uint8Array> {
      const page = Buffer.alloc(limits.fixedChunkBytes);
      for (let i = 0; i < pieces; i += 1) {
        page.writeUInt32BE(1 + (i % 3), 0);
        yield page;
      }
    };
    const entry: Entry = {
      path: 'long',
      type: 'file',
      mode: 0o600,
      modifiedNs: 0n,
      chunking: 'fixed',
      content: { kind: 'stream', read },
    };
    const point = await backup(repository, [entry]);
    let at = 0;
    for await (const part of (await repository.contents(point)).read('long')) {
      expect(Buffer.from(part).readUInt32BE(0)).toBe(1 + ((at / limits.fixedChunkBytes) % 3));
      at += part.length;
    }
    expect(at).toBe(pieces * limits.fixedChunkBytes);
  });
});

describe('a restore', () => {
  test('touches nothing outside its root (a path or link that leads out)', async () => {
    await withFolder(async (base) => {
      const bad: [string, Entry[], string | undefined][] = [
        ['a place above the root', [file('a', Buffer.from('x'))], '../a'],
        ['an absolute place', [file('a', Buffer.from('x'))], '/tmp/a'],
        [
          'a file below a link',
          [{ path: 'l', type: 'symlink', mode: 0o777, modifiedNs: 0n, target: base }, file('l/a', Buffer.from('x'))],
          undefined,
        ],
        [
          'a folder in the place of a link',
          [{ path: 'l', type: 'symlink', mode: 0o777, modifiedNs: 0n, target: base }, folder('l')],
          undefined,
        ],
        ['two files of one name', [file('a', Buffer.from('x')), file('a', Buffer.from('y'))], undefined],
      ];
      for (const [i, [what, entries, place]] of bad.entries()) {
        const repository = await makeRepository(new MemoryStore());
        const point = await backup(repository, entries);
        const root = join(base, `root${i}`);
        await mkdir(root);
        const contents = await repository.contents(point);
        const options = place === undefined ? {} : { place: () => place };
        const written = contents.writeTree(root, options).then(
          () => ({ code: `${what} was written` }),
          (error: unknown) => error,
        );
        expect(await written).toMatchObject({ code: 'repository.damaged' });
      }
      await expect(readFile(join(base, 'a'))).rejects.toThrow('ENOENT');
    });
  });

  test('refuses a folder that is not empty, and one that is not there', async () => {
    await withFolder(async (base) => {
      const repository = await makeRepository(new MemoryStore());
      const contents = await repository.contents(await backup(repository, [file('a', Buffer.from('x'))]));
      await writeFile(join(base, 'mine'), 'precious');
      await expect(contents.writeTree(base)).rejects.toMatchObject({ code: 'restore.target_not_empty' });
      await expect(contents.writeTree(join(base, 'none'))).rejects.toMatchObject({ code: 'restore.target_unusable' });
      expect(await readFile(join(base, 'mine'), 'utf8')).toBe('precious');
    });
  });

  test('places and leaves out entries as it is told', async () => {
    await withFolder(async (base) => {
      const repository = await makeRepository(new MemoryStore());
      const contents = await repository.contents(
        await backup(repository, [file('a', Buffer.from('one')), file('b', Buffer.from('two'))]),
      );
      await contents.writeTree(base, { place: ({ path }) => (path === 'a' ? 'deep/er/c' : undefined) });
      expect(Object.keys(await picture(base))).toEqual(['', 'deep', 'deep/er', 'deep/er/c']);
    });
  });

  test('from a store on disk gives what was there, and every object of it is sound', async () => {
    await withFolder(async (base) => {
      await mkdir(join(base, 'source/sub'), { recursive: true });
      for (let i = 0; i < 50; i += 1) await writeFile(join(base, `source/sub/f${i}`), randomBytes(i * 3000));
      await symlink('sub/f1', join(base, 'source/link'));
      await chmod(join(base, 'source/sub/f3'), 0o400);
      const store = await openFsStore(join(base, 'store'), true);
      await createRepository(store, { passphrase, age: [] }, systemClock, cheap);
      const repository = await reopen(store);
      const point = await backup(repository, entriesOf(join(base, 'source')));
      await mkdir(join(base, 'target'));
      await (await (await reopen(store)).contents(point)).writeTree(join(base, 'target'));
      expect(await picture(join(base, 'target'))).toEqual(await picture(join(base, 'source')));
      expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
      await rm(join(base, 'source'), { recursive: true });
    });
  });
});

/** As they would be with all bytes at hand. */
const cutAtOnce = (cut: Cut, bytes: Buffer): number[] => {
  const lengths: number[] = [];
  for (let start = 0; start < bytes.length; start += lengths.at(-1) as number)
    lengths.push(cut(bytes, start, bytes.length, true));
  return lengths;
};

const cutAll = (cut: Cut, bytes: Buffer, slices: readonly number[]): number[] => {
  const chunker = new Chunker(cut);
  const lengths: number[] = [];
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = Math.min(bytes.length, at + (slices[i % slices.length] as number));
    for (const { plain } of chunker.push(bytes.subarray(at, end))) lengths.push(plain.length);
    at = end;
  }
  for (const { plain } of chunker.finish()) lengths.push(plain.length);
  return lengths;
};

describe('cuts', () => {
  test('depend on the content and the key alone, in any slicing', () => {
    // What repeats itself has no cut: chunks are as large as any may be.
    const bytes = Buffer.concat([randomBytes(6_000_000), Buffer.alloc(9_000_000, 7), randomBytes(6_000_000)]);
    const cut = contentCut(gearTable(freshBundle('x')));
    const expected = cutAtOnce(cut, bytes);
    expect(expected.filter((length) => length === limits.chunkBytesMax)).toHaveLength(2);
    expect(cutAll(cut, bytes, [bytes.length])).toEqual(expected);
    expect(expected.length).toBeGreaterThan(5);
    for (const length of expected.slice(0, -1)) {
      expect(length).toBeGreaterThanOrEqual(contentChunkBytesMin);
      expect(length).toBeLessThanOrEqual(limits.chunkBytesMax);
    }
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50_000, max: 5_000_000 }), { minLength: 1, maxLength: 4 }), (slices) => {
        expect(cutAll(cut, bytes, slices)).toEqual(expected);
        expect(
          cutAll(fixedCut, bytes, slices)
            .slice(0, -1)
            .every((length) => length === limits.fixedChunkBytes),
        ).toBe(true);
      }),
      { numRuns: 10 },
    );
    expect(cutAll(contentCut(gearTable(freshBundle('x'))), bytes, [bytes.length])).not.toEqual(expected);
  });
});

describe('the table of chunks', () => {
  test('finds every chunk at each of its places, among many', () => {
    const table = new ChunkTable();
    const ids = Array.from({ length: 50_000 }, () => randomBytes(32));
    ids.forEach(
      (id, i) =>
        void table.add(id, { pack: i % 7, number: i % 1000, offset: i * 3, sealedBytes: i + 17, plainBytes: i }),
    );
    const twin = table.add(ids[5] as Buffer, { pack: 99, number: 0, offset: 32, sealedBytes: 20, plainBytes: 3 });
    const wrong = ids.filter((id, i) => table.find(id) !== i || table.placeOf(i).sealedBytes !== i + 17);
    expect(wrong).toEqual([]);
    expect(table.find(ids[5] as Buffer, (ordinal) => ordinal !== 5)).toBe(twin);
    expect(table.find(randomBytes(32))).toBe(-1);
  });
});
