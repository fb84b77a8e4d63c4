import { describe, expect, test } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { Point } from '../repository.ts';
import { backup, facts, makeRepository, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { bytesOf, expectSound, namesOf, options, own, shared, threePoints } from '../testing/prunable.ts';

describe('a prune', () => {
  test('brings back the space of what was forgotten, and nothing else', async () => {
    const { store, repository, points } = await threePoints();
    const nothing = await repository.prune(options);
    expect([nothing.deleted.packs, nothing.points]).toEqual([0, 3]);
    await repository.forget((points[1] as Point).id);
    const before = bytesOf(store);
    const result = await repository.prune(options);
    expect(result.deleted.packs).toBe(1);
    expect(before - bytesOf(store)).toBeGreaterThan(300_000);
    await expectSound(store, [points[0] as Point, points[2] as Point]);
    for (const folder of ['condemned', 'awaited', 'sessions']) expect(namesOf(store, folder)).toEqual([]);
    // A writer that begins now knows all that is left.
    expect((await backup(repository, [shared])).storedBytes).toBeLessThan(20_000);
  });

  test('moves what is still needed out of packs that are mostly not', async () => {
    const { store, repository, points } = await threePoints();
    // The first pack holds what all points share, and what only it needed.
    await repository.forget((points[0] as Point).id);
    const result = await repository.prune(options);
    expect(result.rewritten).toMatchObject({ packs: 1 });
    expect(result.rewritten.movedBytes).toBeGreaterThan(400_000);
    expect(result.deleted).toMatchObject({ packs: 1 });
    await expectSound(store, points.slice(1));
    const none = await (await reopen(store)).prune(options);
    expect([none.rewritten.packs, none.deleted.packs]).toEqual([0, 0]);
  });

  test('writes no more anew than it may', async () => {
    const { repository, points } = await threePoints();
    await repository.forget((points[0] as Point).id);
    const result = await repository.prune({ ...options, rewriteBytesMax: 100_000 });
    expect(result.rewritten.packs).toBe(0);
    expect(result.partlyUnused).toMatchObject({ packs: 1 });
  });

  test('tried dry says what it would do and changes nothing', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[1] as Point).id);
    const before = store.twin();
    store.calls.length = 0;
    const result = await repository.prune({ ...options, dryRun: true });
    expect(result.unneeded.packs).toBe(1);
    expect(result.deleted.packs).toBe(0);
    expect(store.objects).toEqual(before.objects);
    expect(store.calls.filter(({ operation }) => ['put', 'remove'].includes(operation))).toEqual([]);
  });

  test('collects what killed writers left: packs without index and sessions', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const point = await backup(repository, [shared]);
    store.before = (operation, name) => {
      if (operation === 'put' && name.startsWith('index/')) throw new LifeboatError('store.unreachable', 'gone');
    };
    await expect(backup(repository, [own()])).rejects.toMatchObject({ code: 'store.unreachable' });
    store.before = () => {};
    expect(namesOf(store, 'packs')).toHaveLength(2);
    await (await reopen(store)).prune(options);
    expect(namesOf(store, 'packs')).toHaveLength(1);
    await expectSound(store, [point]);
  });

  test('deletes nothing while a point cannot be read, and goes on when that was given up', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[0] as Point).id);
    const name = `points/${(points[1] as Point).id}`;
    const bytes = Buffer.from(store.objects.get(name) as Buffer);
    bytes[60] = (bytes[60] as number) ^ 1;
    store.objects.set(name, bytes);
    const before = namesOf(store, 'packs');
    await expect(repository.prune(options)).rejects.toMatchObject({ code: 'prune.blind', where: name });
    expect(namesOf(store, 'packs')).toEqual(before);
    expect(namesOf(store, 'sessions')).toEqual([]);
    await repository.forget((points[1] as Point).id);
    expect((await repository.prune(options)).deleted.packs).toBe(2);
    await expectSound(store, [points[2] as Point]);
  });

  test('deletes nothing by a listing that fails in the middle (restic#4612)', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[0] as Point).id);
    const { list } = store;
    for (const folder of ['points/', 'packs/', 'index/', 'sessions/', 'condemned/']) {
      store.list = async function* (prefix) {
        if (prefix === folder) throw new LifeboatError('store.unreachable', 'the listing broke off');
        yield* list.call(store, prefix);
      };
      const before = namesOf(store, 'packs');
      await expect((await reopen(store)).prune(options)).rejects.toMatchObject({ code: 'store.unreachable' });
      expect(namesOf(store, 'packs')).toEqual(expect.arrayContaining(before));
    }
    store.list = list;
    await repository.prune(options);
    await expectSound(store, points.slice(1));
  });

  test('keeps the good copy of a chunk whose other copy is damaged', async () => {
    const { store, repository, points } = await threePoints();
    const [first] = namesOf(store, 'packs');
    const spoiled = Buffer.from(store.objects.get(first as string) as Buffer);
    const whole = Buffer.from(spoiled);
    spoiled.fill(0, 40, spoiled.length - 4_000);
    store.objects.set(first as string, spoiled);
    const writer = await (await reopen(store)).write({ ...writeOptions, distrust: new Set([first as string]) });
    await writer.add(shared);
    const point = await writer.commit(facts(), { planHash: '', tool: '' });
    for (const { id } of points) await repository.forget(id);
    expect(whole.length).toBe(spoiled.length);
    await (await reopen(store)).prune(options);
    await expectSound(store, [point]);
  });

  test('takes a pack that the store keeps for retained, not for a failure, and collects it later', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[1] as Point).id);
    store.before = (operation, name) => {
      if (operation === 'remove' && name.startsWith('packs/'))
        throw new LifeboatError('store.denied', 'locked until 2027-01-01');
    };
    const result = await repository.prune(options);
    expect(result.retained).toMatchObject([{ reason: 'locked until 2027-01-01' }]);
    expect(result.deleted.packs).toBe(0);
    store.before = () => {};
    expect((await repository.prune(options)).deleted.packs).toBe(1);
    await expectSound(store, [points[0] as Point, points[2] as Point]);
    expect(namesOf(store, 'condemned')).toEqual([]);
  });

  test('is asked for once before anything is deleted, and a refusal changes nothing', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[1] as Point).id);
    const before = namesOf(store, 'packs');
    const approve = async (): Promise<void> => {
      throw new LifeboatError('prune.unexplained', 'no');
    };
    await expect(repository.prune({ ...options, approve })).rejects.toMatchObject({ code: 'prune.unexplained' });
    expect(namesOf(store, 'packs')).toEqual(before);
    expect(namesOf(store, 'condemned')).toEqual([]);
  });

  test('counts on no chunk at all while a list of condemned packs cannot be read', async () => {
    const { store, repository, points } = await threePoints();
    const writer = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    await repository.forget((points[1] as Point).id);
    await repository.prune(options);
    const [name] = namesOf(store, 'condemned');
    store.objects.set(name as string, Buffer.from('{"lifeboat"'));
    expect((await backup(await reopen(store), [shared])).storedBytes).toBeGreaterThan(400_000);
    await writer.abandon();
    const result = await repository.prune(options);
    expect([result.deleted.packs, result.blockedBy]).toEqual([0, [name]]);
    const { damage } = await repository.verify({ depth: 'everything' });
    expect(damage).toMatchObject([{ object: name, kind: 'condemned' }]);
  });

  test('one of two that begin at once goes on, or neither; nothing is lost', async () => {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[0] as Point).id);
    const other = await reopen(store);
    const ends = await Promise.allSettled([repository.prune(options), other.prune(options)]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'store.busy' });
    await (await reopen(store)).prune(options);
    await expectSound(store, points.slice(1));
  });
});

test('a prune that dies at any call to the store loses nothing, and the next one brings the space back', async () => {
  let call = 0;
  for (let died = true; died; call += 1) {
    const { store, repository, points } = await threePoints();
    await repository.forget((points[0] as Point).id);
    await repository.forget((points[2] as Point).id);
    let left = call;
    store.before = () => {
      left -= 1;
      if (left < 0) throw new LifeboatError('store.unreachable', 'this process is dead');
    };
    died = await repository.prune(options).then(
      () => false,
      () => true,
    );
    store.before = () => {};
    await expectSound(store, [points[1] as Point]);
    await (await reopen(store)).prune(options);
    await expectSound(store, [points[1] as Point]);
    expect(bytesOf(store)).toBeLessThan(800_000);
    expect(namesOf(store, 'condemned')).toEqual([]);
  }
  expect(call).toBeGreaterThan(30);
});
