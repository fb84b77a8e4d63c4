import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '../../core/index.ts';
import type { Point } from '../repository.ts';
import { openRepository } from '../open.ts';
import { backup, file, makeRepository, passphrase, readAll, reopen } from '../testing/fixtures.ts';
import { dyingAt } from '../testing/dying.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { openKeyring, rotateKeys } from './index.ts';

const options = { clock: systemClock, host: 'here', dryRun: false, rekey: true, rewriteBytesMax: 2 ** 30 };

/** Some points of epoch 1, then a rotation; what was opened before it, as somebody has it who was removed. */
async function rotated(): Promise<{
  store: MemoryStore;
  points: Point[];
  files: Map<string, Buffer>;
  removed: MemoryStore;
}> {
  const store = new MemoryStore();
  await makeRepository(store);
  const files = new Map(['a', 'b', 'c'].map((name) => [name, randomBytes(300_000)]));
  const points: Point[] = [];
  for (const name of files.keys())
    points.push(await backup(await reopen(store), [file(name, files.get(name) ?? Buffer.alloc(0))]));
  const removed = store.twin();
  await rotateKeys([await openKeyring(store, { passphrase })], { clock: systemClock });
  return { store, points, files, removed };
}

const epochs = (store: MemoryStore): Set<number> =>
  new Set([...store.objects].flatMap(([name, bytes]) => (name.startsWith('packs/') ? [bytes.readUInt32BE(12)] : [])));

async function expectWhole(store: MemoryStore, points: readonly Point[], files: Map<string, Buffer>): Promise<void> {
  const repository = await reopen(store);
  const [names, contents] = [[...files.keys()], [...files.values()]];
  for (const [at, point] of points.entries())
    expect((await readAll(repository, point)).get(names[at] ?? '')).toEqual(contents[at]);
  expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
}

export function rekeyed(): void {
  test('all that points need is sealed under the new key, and who has only the old one reads no pack any more', async () => {
    const { store, points, files, removed } = await rotated();
    expect(epochs(store)).toEqual(new Set([1]));
    const result = await (await reopen(store)).prune(options);
    expect(result.outdated.packs).toBe(3);
    expect(result.outdated.movedBytes).toBeGreaterThan(900_000);
    expect(epochs(store)).toEqual(new Set([2]));
    await expectWhole(store, points, files);
    // The keys of before, and the objects of now.
    for (const [name, bytes] of store.objects) if (!name.startsWith('keys/')) removed.objects.set(name, bytes);
    for (const name of removed.objects.keys())
      if (!store.objects.has(name) && name.startsWith('packs/')) removed.objects.delete(name);
    const old = await openRepository(removed, { passphrase }, systemClock);
    await expect(readAll(old, points[0] as Point)).rejects.toThrow(/./);
    expect((await (await reopen(store)).prune(options)).outdated.packs).toBe(0);
  });

  test('no more is written anew at once than was said, and the next one goes on', async () => {
    const { store, points, files } = await rotated();
    for (const left of [2, 1, 0]) {
      await (await reopen(store)).prune({ ...options, rewriteBytesMax: 400_000 });
      expect((await (await reopen(store)).prune({ ...options, dryRun: true })).outdated.packs).toBe(left);
    }
    await expectWhole(store, points, files);
  });

  test('without being asked for, nothing is written anew', async () => {
    const { store } = await rotated();
    const result = await (await reopen(store)).prune({ ...options, rekey: false });
    expect([result.outdated.packs, result.rewritten.packs]).toEqual([3, 0]);
  });
}

export function rekeyKilled(stride: number, timeoutMs: number): void {
  test(
    `killed in front of ${stride === 1 ? 'each' : 'some'} of its calls, it loses nothing and comes to its end the next time`,
    async () => {
      const ground = await rotated();
      let kills = 0;
      for (let call = 1 + randomInt(stride); ; call += stride) {
        const store = ground.store.twin();
        const repository = await reopen(store);
        if (!(await dyingAt(store, call, () => repository.prune(options)))) break;
        kills += 1;
        await expectWhole(store, ground.points, ground.files);
        await (await reopen(store)).prune(options);
        await (await reopen(store)).prune(options);
        expect(epochs(store)).toEqual(new Set([2]));
        await expectWhole(store, ground.points, ground.files);
      }
      console.log(`re-keying: killed at ${kills} calls; 0 lost`);
      expect(kills).toBeGreaterThan(2);
    },
    timeoutMs,
  );
}
