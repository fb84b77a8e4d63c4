import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../core/index.ts';
import { freshBundle } from '../keys/keys.ts';
import { packName } from '../names.ts';
import { PackBuilder, type BuiltPack } from '../write/pack-builder.ts';
import { decodeRecords, type ChunkRecord } from '../format/pack-format.ts';
import { KnownIds, Pool, SealSession, Thread, type OpenRequest } from './index.ts';
import type { Point } from '../repository.ts';
import { objectKey, type ObjectKey } from '../format/seal.ts';
import { backup, file, folder, makeRepository, reopen, withFolder } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

/** Enough that threads take over, in chunks of which some are the same and some do not compress. */
const text = Buffer.from(Array.from({ length: 60_000 }, (_, i) => `line ${i} of the text\n`).join(''));
const noise = randomBytes(40 * 2 ** 20);
const content = Buffer.concat([noise, ...Array.from({ length: 8 }, () => text)]);
const fixed = { chunking: 'fixed' } as const;
const files = [folder(''), file('a', content, fixed), file('b', content, fixed), file('c', content)];
const bundle = freshBundle('x');
let whole: MemoryStore;
let point: Point;

beforeAll(async () => {
  whole = new MemoryStore();
  const repository = await makeRepository(whole);
  point = await backup(repository, files);
});

const packsOf = (store: MemoryStore): string[] => [...store.objects.keys()].filter((name) => name.startsWith('packs/'));

/** Restores the point from this store; gives its file's bytes. */
async function restored(store: MemoryStore): Promise<{ bytes: Buffer; damage: number }> {
  return withFolder(async (base) => {
    const target = join(base, 'target');
    await mkdir(target);
    const contents = await (await reopen(store)).contents(point);
    await contents.writeTree(target);
    for (const name of ['b', 'c']) expect((await readFile(join(target, name))).equals(content)).toBe(true);
    return { bytes: await readFile(join(target, 'a')), damage: contents.damage().length };
  });
}

describe('work in threads', () => {
  test('brings back the same bytes, and every object is sound', async () => {
    const { bytes, damage } = await restored(whole);
    expect(bytes.equals(content)).toBe(true);
    expect(damage).toBe(0);
    const verified = await (await reopen(whole)).verify({ depth: 'everything' });
    expect(verified.damage).toEqual([]);
    expect(verified.checked.plainBytes).toBeGreaterThan(content.length);
  });

  test('stores a chunk once, whichever thread meets it first', async () => {
    // Twice cut in pieces of one size, once by content: the second of the three costs nothing.
    expect(point.storedBytes).toBeLessThan(2.2 * noise.length);
    const again = await backup(await reopen(whole.twin()), [file('d', content, { chunking: 'fixed' })]);
    expect(again.storedBytes).toBeLessThan(100_000);
  });

  test('on a damaged pack names it, in verify and in restore, and never gives wrong bytes', async () => {
    const packs = packsOf(whole);
    expect(packs.length).toBeGreaterThan(2);
    for (const name of packs.slice(0, 3)) {
      const store = whole.twin();
      const bytes = store.objects.get(name) as Buffer;
      bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] as number) ^ 4;
      const { damage, sound } = await (await reopen(store)).verify({ depth: 'points' });
      expect(damage.map(({ object }) => object)).toContain(name);
      expect(sound).toEqual([]);
      await expect(restored(store)).rejects.toMatchObject({ code: 'repository.damaged' });
    }
  });

  test('takes chunks from other packs where their first place is damaged, and says so', async () => {
    const store = whole.twin();
    // A second copy of all chunks: a writer who could not see the packs has stored them again.
    const hidden = new Map(packsOf(store).map((name) => [name, store.objects.get(name) as Buffer]));
    for (const name of hidden.keys()) store.objects.delete(name);
    await backup(await reopen(store), files);
    for (const [name, bytes] of hidden) {
      bytes[1000] = (bytes[1000] as number) ^ 1;
      store.objects.set(name, bytes);
    }
    const { bytes, damage } = await restored(store);
    expect(bytes.equals(content)).toBe(true);
    expect(damage).toBeGreaterThanOrEqual(hidden.size);
  });

  test('on packs that are gone names one, and takes chunks from other packs where they stand there, too', async () => {
    for (const name of packsOf(whole).slice(0, 3)) {
      const store = whole.twin();
      store.objects.delete(name);
      await expect(restored(store)).rejects.toMatchObject({ code: 'repository.incomplete', where: name });
    }
    const store = whole.twin();
    const first = packsOf(store);
    const before = new Map(store.objects);
    for (const name of first) store.objects.delete(name);
    await backup(await reopen(store), files);
    // Half of the first packs are there again: files are open for chunks that came while others of them do not.
    for (const [i, name] of first.entries()) if (i % 2 === 0) store.objects.set(name, before.get(name) as Buffer);
    expect((await restored(store)).bytes.equals(content)).toBe(true);
  });

  test('passes on what went wrong in a thread, with its code', async () => {
    const pool = new Pool(1, () => {});
    await expect(pool.run({ do: 'finish', session: 99 })).rejects.toThrow('a session was started');
    const plain = randomBytes(40_000);
    const builder = new PackBuilder(bundle);
    builder.add(randomBytes(32), plain);
    const { pack, records, memory } = builder.finish() as BuiltPack;
    const [record] = decodeRecords(Buffer.from(records), 0, pack.bytes, 'pack').chunks;
    const { id, offset, sealedBytes, plainBytes } = record as ChunkRecord;
    const key = objectKey(bundle, 'pack', packName(pack.id), 1, Buffer.from(pack.id, 'hex')) as ObjectKey;
    const ask = (over: Partial<OpenRequest['chunks'][number]>): ReturnType<Pool['run']> =>
      pool.run({
        do: 'open',
        key: key.raw,
        sealed: new Uint8Array(memory),
        chunks: [{ id, number: 0, offset, sealedBytes, plainBytes, targets: [], ...over }],
      });
    expect((await ask({})).bad).toEqual([]);
    expect((await ask({ number: 1 })).bad).toEqual([0]);
    expect((await ask({ plainBytes: plainBytes - 1 })).bad).toEqual([0]);
    expect((await ask({ id: randomBytes(32) })).bad).toEqual([0]);
    const full = await open('/dev/full', 'w');
    await expect(ask({ targets: [{ file: full.fd, offset: 0 }] })).rejects.toMatchObject({ code: 'ENOSPC' });
    await full.close();
    await pool.threads[0]?.stop(new Error('done'));
  });

  test('fails alone where it cannot be handed over, also after it had to wait', async () => {
    const pool = new Pool(1, () => {});
    const other = (): Promise<unknown> => expect(pool.run({ do: 'finish', session: 99 })).rejects.toThrow('a session');
    const before = Array.from({ length: limits.tasksPerThread }, other);
    const gone = new Uint8Array(limits.fixedChunkBytes);
    gone.buffer.transfer(0);
    const piece = pool.run({ do: 'seal', session: 99, plain: gone }, [gone.buffer]);
    await Promise.all([expect(piece).rejects.toThrow(/transfer/), ...before, other()]);
    await pool.threads[0]?.stop(new Error('done'));
  });

  test('ends with an error when a thread is lost, and never hangs', async () => {
    const mortal = new URL(
      'data:text/javascript,import{parentPort}from"node:worker_threads";parentPort.on("message",()=>process.exit(3))',
    );
    let ended = 0;
    const pool = new Pool(2, () => void (ended += 1), mortal);
    const session = new SealSession(pool, bundle, new KnownIds(0), () => {});
    const plain = Buffer.from(new SharedArrayBuffer(limits.fixedChunkBytes));
    const asked = Array.from({ length: 9 }, () => session.seal(plain));
    for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'internal', message: expect.stringContaining('thread') });
    }
    await expect(session.seal(plain)).rejects.toMatchObject({ code: 'internal' });
    await expect(session.finish()).rejects.toMatchObject({ code: 'internal' });
    expect(ended).toBeGreaterThan(0);
  });
});

test('a thread owes nothing of what could not be handed to it, so that the process may end', async () => {
  const thread = new Thread<unknown>(
    () => {},
    () => {},
  );
  expect(() => void thread.ask(() => 'functions cannot be copied')).toThrow(/could not be cloned/);
  expect(thread.tasks).toBe(0);
  await thread.stop(new Error('the test is over'));
});
