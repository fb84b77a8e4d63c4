import { randomBytes } from 'node:crypto';
import { chmod, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { Secret, systemClock } from '../core/index.ts';
import { createRepository, openRepository } from './open.ts';
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
  writeOptions,
  facts,
} from './testing/fixtures.ts';
import { MemoryStore } from './testing/memory-store.ts';

async function sampleTree(root: string): Promise<void> {
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/small.txt'), 'hello');
  await writeFile(join(root, 'a/empty'), '');
  await writeFile(join(root, 'a/b/large.bin'), randomBytes(9_000_001));
  await writeFile(join(root, 'a/b/zeros.bin'), Buffer.alloc(6_000_000));
  await writeFile(join(root, 'a/b/text.txt'), 'the same line again and again\n'.repeat(200_000));
  await writeFile(join(root, 'naïve ☂ name'), 'x'.repeat(1000));
  await symlink('../a/small.txt', join(root, 'a/link'));
  await chmod(join(root, 'a/small.txt'), 0o4711);
  await chmod(join(root, 'a/b'), 0o500);
  await utimes(join(root, 'a/b/large.bin'), 1_600_000_000.123456, 1_600_000_000.123456);
}

describe('a repository', () => {
  test('brings back a tree with contents, modes, times and links', async () => {
    await withFolder(async (base) => {
      const [source, target] = [join(base, 'source'), join(base, 'target')];
      await mkdir(source);
      await mkdir(target);
      await sampleTree(source);
      const store = new MemoryStore();
      const point = await backup(await makeRepository(store), entriesOf(source));
      const repository = await reopen(store);
      const contents = await repository.contents(await repository.point(point.id));
      expect(await contents.writeTree(target)).toMatchObject({ files: 6, bytes: point.bytes });
      expect(await picture(target)).toEqual(await picture(source));
      expect(contents.damage()).toEqual([]);
      expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
      await chmod(join(source, 'a/b'), 0o700);
      await chmod(join(target, 'a/b'), 0o700);
    });
  });

  test('brings back any bytes in any slicing and chunking', async () => {
    const size = fc.oneof(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 200_000, max: 3_000_000 }));
    const one = fc.record({
      size,
      slice: fc.integer({ min: 1000, max: 700_000 }),
      fixed: fc.boolean(),
      dull: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 6 }), async (files) => {
        const store = new MemoryStore();
        const repository = await makeRepository(store);
        const bytes = files.map(({ size: length, dull }) => (dull ? Buffer.alloc(length, 'abc') : randomBytes(length)));
        const entries = files.map(({ slice, fixed }, i) =>
          file(`f${i}`, bytes[i] as Buffer, { chunking: fixed ? 'fixed' : 'content' }, slice),
        );
        const point = await backup(repository, entries);
        const read = await readAll(await reopen(store), point);
        expect(read.size).toBe(files.length);
        bytes.forEach((expected, i) => expect(read.get(`f${i}`)?.equals(expected)).toBe(true));
      }),
      { numRuns: 25 },
    );
  });

  test('stores what it already holds only once', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const bytes = randomBytes(5_000_000);
    const first = await backup(repository, [file('a', bytes), file('copy of a', bytes)]);
    expect(first.bytes).toBe(10_000_000);
    expect(first.storedBytes).toBeLessThan(5_200_000);
    const moved = Buffer.concat([Buffer.from('something new in front'), bytes]);
    const second = await backup(await reopen(store), [file('a', moved)]);
    expect(second.storedBytes).toBeLessThan(4_100_000);
    expect((await readAll(repository, second)).get('a')?.equals(moved)).toBe(true);
  });

  test('opens with a passphrase or with an identity, and with nothing else', async () => {
    const identity = await generateX25519Identity();
    const store = new MemoryStore();
    await createRepository(store, { passphrase, age: [await identityToRecipient(identity)] }, systemClock, cheap);
    const byIdentity = await openRepository(store, { identity: new Secret(identity) }, systemClock);
    const point = await backup(byIdentity, [file('a', Buffer.from('one'))]);
    expect((await readAll(await reopen(store), point)).get('a')?.toString()).toBe('one');
    const wrong = openRepository(store, { passphrase: new Secret('incorrect') }, systemClock);
    await expect(wrong).rejects.toMatchObject({ code: 'key.wrong' });
    const other = openRepository(store, { identity: new Secret(await generateX25519Identity()) }, systemClock);
    await expect(other).rejects.toMatchObject({ code: 'key.wrong' });
    await expect(openRepository(store, {}, systemClock)).rejects.toMatchObject({ code: 'key.missing' });
  });

  test('tells a store without a repository from one with', async () => {
    const store = new MemoryStore();
    await expect(reopen(store)).rejects.toMatchObject({ code: 'repository.missing' });
    await makeRepository(store);
    await expect(makeRepository(store)).rejects.toMatchObject({ code: 'repository.exists' });
  });

  test('says that a missing key object is missing', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    for (const name of store.objects.keys()) if (name.startsWith('keys/')) store.objects.delete(name);
    await expect(reopen(store)).rejects.toMatchObject({ code: 'key.missing' });
  });

  test('shows no point before it is committed, and none after it was abandoned', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const writer = await repository.write(writeOptions);
    await writer.add(folder(''));
    await writer.add(file('a', randomBytes(100)));
    expect((await repository.points()).points).toEqual([]);
    expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toHaveLength(1);
    await writer.abandon();
    expect((await repository.points()).points).toEqual([]);
    expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toHaveLength(0);
  });

  test('lets two writers work at once', async () => {
    const store = new MemoryStore();
    const [one, two] = [await makeRepository(store), await reopen(store)];
    const writers = [await one.write(writeOptions), await two.write(writeOptions)];
    const shared = randomBytes(1_000_000);
    const own = [randomBytes(500_000), randomBytes(500_000)];
    for (const [i, writer] of writers.entries()) {
      await writer.add(file('shared', shared));
      await writer.add(file('own', own[i] as Buffer));
    }
    const points = await Promise.all(writers.map((writer) => writer.commit(facts(), { planHash: '', tool: '' })));
    const repository = await reopen(store);
    expect((await repository.verify({ depth: 'everything' })).sound.sort()).toEqual(points.map(({ id }) => id).sort());
    for (const [i, point] of points.entries()) {
      const read = await readAll(repository, point);
      expect(read.get('shared')?.equals(shared)).toBe(true);
      expect(read.get('own')?.equals(own[i] as Buffer)).toBe(true);
    }
  });
});
