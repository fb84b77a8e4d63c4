import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { FreezingStore } from '../../stores/testing/freezing.ts';
import type { Point } from '../repository.ts';
import { backup, file, makeRepository, readAll, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import type { CoolResult } from './index.ts';

const options = { clock: systemClock, host: 'here', dryRun: false };
const glacier = (...points: readonly Point[]): Map<string, string> => new Map(points.map(({ id }) => [id, 'glacier']));
const bytes = (length = 400_000): Buffer => randomBytes(length);

async function place(): Promise<{ memory: MemoryStore; store: FreezingStore }> {
  const memory = new MemoryStore();
  const store = new FreezingStore(memory);
  await makeRepository(store);
  return { memory, store };
}

/** Until nothing is left to do, as the prunes of some days do it. */
async function settle(store: FreezingStore, classes: ReadonlyMap<string, string>): Promise<CoolResult> {
  for (let day = 0; day < 3; day += 1) {
    await (await reopen(store)).prune(options);
    await (await reopen(store)).cool({ ...options, classes });
  }
  return (await reopen(store)).cool({ ...options, classes });
}

const frozen = (store: FreezingStore): string[] =>
  [...store.classes].flatMap(([name, one]) => (one === 'glacier' ? [name] : []));

describe('packs that only points of a tier need', () => {
  it('move to its class; nothing else does, and young points, prunes and backups do without a thaw', async () => {
    const { store } = await place();
    const [shared, old, young] = [bytes(), bytes(), bytes()];
    const first = await backup(await reopen(store), [file('old', old), file('shared', shared)]);
    const second = await backup(await reopen(store), [file('shared', shared), file('young', young)]);
    const result = await settle(store, glacier(first));
    expect(result.lies).toMatchObject([{ class: 'glacier', packs: 1 }]);
    expect(result.lies[0]?.bytes).toBeGreaterThan(400_000);
    expect(result.neededFrozen.packs).toBe(0);
    expect(frozen(store).every((name) => name.startsWith('packs/'))).toBe(true);

    const repository = await reopen(store);
    expect((await readAll(repository, second)).get('shared')).toEqual(shared);
    const third = await backup(repository, [file('shared', shared), file('young', young)]);
    expect(third.storedBytes).toBeLessThan(20_000);
    expect((await (await reopen(store)).prune(options)).points).toBe(3);
    await expect(readAll(repository, first)).rejects.toMatchObject({ code: 'store.frozen' });
  });

  it('are told of each point that needs them, and come back when they have thawed', async () => {
    const { store } = await place();
    const old = bytes();
    const first = await backup(await reopen(store), [file('old', old)]);
    const second = await backup(await reopen(store), [file('young', bytes())]);
    await settle(store, glacier(first));
    const repository = await reopen(store);
    const cold = await repository.cold([first, second]);
    expect(cold.get(first.id)).toMatchObject({ classes: ['glacier'], frozen: frozen(store) });
    expect(cold.has(second.id)).toBe(false);
    for (const name of frozen(store)) await store.thaw(name);
    store.finishThaws();
    expect((await readAll(await reopen(store), first)).get('old')).toEqual(old);
  });

  it('go when no point needs them any more, without a thaw', async () => {
    const { store } = await place();
    const first = await backup(await reopen(store), [file('old', bytes())]);
    await backup(await reopen(store), [file('young', bytes())]);
    await settle(store, glacier(first));
    await (await reopen(store)).forget(first.id);
    const result = await (await reopen(store)).prune(options);
    expect(result.deleted.packs).toBeGreaterThan(0);
    expect(frozen(store)).toEqual([]);
  });

  it('a verification says that it did not read them, and calls no point sound that needs them', async () => {
    const { store } = await place();
    const first = await backup(await reopen(store), [file('old', bytes())]);
    const second = await backup(await reopen(store), [file('young', bytes())]);
    await settle(store, glacier(first));
    for (const depth of ['points', 'everything'] as const) {
      const { damage, sound, frozen: unread } = await (await reopen(store)).verify({ depth });
      expect(damage).toEqual([]);
      expect(sound).toEqual([second.id]);
      expect(unread).toMatchObject({ packs: 1, points: [first.id] });
    }
  });

  describe('when they have thawed, and a verification finds one', () => {
    /** Two old points, each with a pack of its own, both thawed. */
    async function thawedPlace() {
      const { memory, store } = await place();
      const taken = async (name: string): Promise<Point> => backup(await reopen(store), [file(name, bytes())]);
      const [first, second] = [await taken('old'), await taken('mid')];
      await settle(store, glacier(first));
      const young = await taken('young');
      await settle(store, glacier(first, second));
      const cold = await (await reopen(store)).cold([first, second]);
      const [old = '', mid = ''] = [first, second].flatMap(({ id }) => cold.get(id)?.frozen ?? []);
      for (const name of [old, mid]) await store.thaw(name);
      expect(store.thawing.size).toBe(2);
      store.finishThaws();
      return { memory, store, mid, first, second, young };
    }

    it.each(['points', 'everything'] as const)('frozen again, it passes over that one alone (%s)', async (depth) => {
      const { store, mid, first, second, young } = await thawedPlace();
      const { get } = store;
      store.get = async (name, how) => {
        if (name === mid) store.thawed.delete(name);
        return get.call(store, name, how);
      };
      const { damage, sound, frozen: unread } = await (await reopen(store)).verify({ depth });
      expect(damage).toEqual([]);
      expect(sound.toSorted()).toEqual([first.id, young.id].toSorted());
      expect(unread).toMatchObject({ packs: 1, points: [second.id] });
    });

    it('gone when it asks, it says that and reads the others', async () => {
      const { memory, store, mid, first, second, young } = await thawedPlace();
      const { thawState } = store;
      store.thawState = async (name) => {
        if (name === mid) await memory.remove(name);
        return thawState.call(store, name);
      };
      const { sound, frozen: unread } = await (await reopen(store)).verify({ depth: 'points' });
      expect(sound.toSorted()).toEqual([first.id, young.id].toSorted());
      expect(unread.points).toEqual([second.id]);
    });

    it('about to freeze again, it begins with none', async () => {
      const { store, young } = await thawedPlace();
      store.untilMs = systemClock.now() + 60_000;
      const { sound, frozen: unread } = await (await reopen(store)).verify({ depth: 'points' });
      expect(sound).toEqual([young.id]);
      expect(unread.packs).toBe(2);
    });

    it('of many, it can be stopped while it asks', async () => {
      const { store } = await thawedPlace();
      const stop = new AbortController();
      const { thawState } = store;
      store.thawState = async (name) => {
        stop.abort();
        return thawState.call(store, name);
      };
      const stopped = (await reopen(store)).verify({ depth: 'points', signal: stop.signal });
      await expect(stopped).rejects.toMatchObject({ code: 'operation.cancelled' });
    });
  });
});

describe('a backup', () => {
  it('stores again what is frozen, and its point is read without a thaw', async () => {
    const { store } = await place();
    const old = bytes();
    const first = await backup(await reopen(store), [file('old', old)]);
    await backup(await reopen(store), [file('young', bytes())]);
    await settle(store, glacier(first));
    const again = await backup(await reopen(store), [file('old', old)]);
    expect(again.storedBytes).toBeGreaterThan(400_000);
    expect((await readAll(await reopen(store), again)).get('old')).toEqual(old);
    // Now the old point can be read from there, too; and prunes keep it so, however often they come.
    expect((await readAll(await reopen(store), first)).get('old')).toEqual(old);
    const result = await settle(store, glacier(first));
    expect(result.lies).toEqual([]);
    expect((await readAll(await reopen(store), again)).get('old')).toEqual(old);
    expect((await (await reopen(store)).prune(options)).condemned.packs).toBe(0);
  });

  it('that began before keeps what it counts on readable, and one that begins later does not count on it', async () => {
    const { store } = await place();
    const old = bytes();
    const first = await backup(await reopen(store), [file('old', old)]);
    await (await reopen(store)).cool({ ...options, classes: glacier(first) });
    await (await reopen(store)).prune(options);
    const writer = await (await reopen(store)).write(writeOptions);
    const waiting = (await (await reopen(store)).cool({ ...options, classes: glacier(first) })).waiting;
    expect(waiting).toMatchObject({ packs: 1, writers: [expect.any(String)] });
    const later = await backup(await reopen(store), [file('old', old)]);
    expect(later.storedBytes).toBeGreaterThan(400_000);
    await (await reopen(store)).forget(later.id);
    await writer.add(file('old', old));
    const young = await writer.commit(
      { atMs: systemClock.now(), kind: 'tree', source: { id: 'test', description: 'a test' }, facts: {}, warnings: [] },
      { planHash: 'hash', tool: 'test' },
    );
    expect(young.storedBytes).toBeLessThan(20_000);
    const result = await settle(store, glacier(first));
    expect(result.neededFrozen.packs).toBe(0);
    expect((await readAll(await reopen(store), young)).get('old')).toEqual(old);
  });
});

it('nothing moves for points that no tier has, and a dry run says what would without doing it', async () => {
  const { memory, store } = await place();
  const first = await backup(await reopen(store), [file('old', bytes())]);
  await backup(await reopen(store), [file('young', bytes())]);
  expect((await (await reopen(store)).cool({ ...options, classes: new Map() })).separated.packs).toBe(0);
  memory.calls.length = 0;
  const dry = await (await reopen(store)).cool({ ...options, dryRun: true, classes: glacier(first) });
  expect(dry.separated).toMatchObject({ packs: 1 });
  expect(memory.calls.filter(({ operation }) => ['put', 'remove'].includes(operation))).toEqual([]);
});

it('small packs stay where they are', async () => {
  const { store } = await place();
  const first = await backup(await reopen(store), [file('old', bytes(50_000))]);
  await backup(await reopen(store), [file('young', bytes())]);
  await settle(store, glacier(first));
  expect(frozen(store)).toEqual([]);
});

it('a class that the place does not have is refused, and nothing is lost', async () => {
  const { store } = await place();
  const old = bytes();
  const first = await backup(await reopen(store), [file('old', old)]);
  const classes = new Map([[first.id, 'nowhere']]);
  await expect(settle(store, classes)).rejects.toMatchObject({ code: 'store.unfit' });
  expect((await readAll(await reopen(store), first)).get('old')).toEqual(old);
});
