import { describe, expect, test } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { Point } from '../repository.ts';
import { backup, facts, makeRepository, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { bytesOf, expectSound, namesOf, options, own, shared, threePoints } from '../testing/prunable.ts';

describe('a prune beside writers', () => {
  test('waits for a writer that may count on what it condemned, and takes nothing from its point', async () => {
    const { store, repository, points } = await threePoints();
    const writer = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    for (const { id } of points) await repository.forget(id);
    const first = await repository.prune(options);
    expect(first.deleted.packs).toBe(0);
    expect(first.waiting).toMatchObject({ packs: 3 });
    expect(first.writers).toMatchObject([{ host: 'elsewhere', alive: false }]);
    await writer.add(shared);
    const point = await writer.commit(facts(), { planHash: '', tool: '' });
    expect(point.storedBytes).toBeLessThan(20_000);
    const second = await repository.prune(options);
    // What the point needs was moved, so that the rest could go.
    expect(second.deleted.packs).toBe(3);
    await expectSound(store, [point]);
    expect(bytesOf(store)).toBeLessThan(430_000);
  });

  test('does not wait for writers that began after a condemnation, and these do not count on what is condemned', async () => {
    const { store, repository, points } = await threePoints();
    const old = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    for (const { id } of points) await repository.forget(id);
    await repository.prune(options);
    const late = await (await reopen(store)).write({ ...writeOptions, host: 'far' });
    await late.add(shared);
    await old.abandon();
    const result = await repository.prune(options);
    expect(result.deleted.packs).toBe(3);
    const point = await late.commit(facts(), { planHash: '', tool: '' });
    expect(point.storedBytes).toBeGreaterThan(400_000);
    await expectSound(store, [point]);
  });

  test('gives up a writer that somebody names, whose point is then refused', async () => {
    const { store, repository, points } = await threePoints();
    const writer = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    await writer.add(shared);
    for (const { id } of points) await repository.forget(id);
    const [session] = namesOf(store, 'sessions');
    const id = (session as string).slice('sessions/'.length);
    const result = await repository.prune({ ...options, evict: [id] });
    expect([result.evicted, result.deleted.packs]).toEqual([[id], 3]);
    const listed = await repository.points();
    expect([listed.points, listed.damage]).toEqual([[], []]);
    await expect(writer.commit(facts(), { planHash: '', tool: '' })).rejects.toBeInstanceOf(LifeboatError);
    await writer.abandon();
    expect(namesOf(store, 'points')).toEqual([`points/${id}`]);
    await repository.prune(options);
    expect(namesOf(store, 'points')).toEqual([]);
    expect((await (await reopen(store)).verify({ depth: 'everything' })).damage).toEqual([]);
  });

  test('an evicted writer whose own packs are all there is refused all the same', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const writer = await repository.write({ ...writeOptions, host: 'elsewhere' });
    await writer.add(own());
    const [session] = namesOf(store, 'sessions');
    await repository.prune({ ...options, evict: [(session as string).slice('sessions/'.length)] });
    await expect(writer.commit(facts(), { planHash: '', tool: '' })).rejects.toMatchObject({ code: 'point.evicted' });
  });

  test('leaves the packs of a backup that is at work alone, before and after its index is there', async () => {
    const { store, repository } = await threePoints();
    const writer = await (await reopen(store)).write({ ...writeOptions, host: 'elsewhere' });
    await writer.add(own(700_000));
    let pruned = 0;
    store.before = (operation, name) => {
      if (operation === 'put' && name.startsWith('points/')) pruned += 1;
      if (operation !== 'put' || !name.startsWith('points/')) return;
      throw new LifeboatError('store.unreachable', 'not now');
    };
    await expect(writer.commit(facts(), { planHash: '', tool: '' })).rejects.toMatchObject({
      code: 'store.unreachable',
    });
    store.before = () => {};
    expect(pruned).toBe(1);
    const result = await repository.prune(options);
    expect([result.busy.packs, result.unneeded.packs, result.deleted.packs]).toEqual([1, 0, 0]);
    await writer.abandon();
    expect((await repository.prune(options)).deleted.packs).toBe(1);
  });

  test('knows by its point that a writer that may not delete has ended, and removes its session', async () => {
    const { store, repository, points } = await threePoints();
    store.before = (operation, name) => {
      if (operation === 'remove') throw new LifeboatError('store.denied', `${name}: not with these rights`);
    };
    const made = [await backup(await reopen(store), [own(), shared]), await backup(await reopen(store), [shared])];
    store.before = () => {};
    expect(namesOf(store, 'sessions')).toHaveLength(2);
    await repository.forget((points[1] as Point).id);
    const result = await repository.prune(options);
    expect([result.deleted.packs, result.writers, namesOf(store, 'sessions')]).toEqual([1, [], []]);
    await expectSound(store, [points[0] as Point, points[2] as Point, ...made]);
  });
});
