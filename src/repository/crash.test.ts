import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LifeboatError } from '../core/index.ts';
import { backup, facts, file, folder, makeRepository, readAll, reopen, writeOptions } from './testing/fixtures.ts';
import { MemoryStore } from './testing/memory-store.ts';

const entries = [folder(''), file('a', randomBytes(700_000)), file('b', Buffer.from('b'.repeat(10_000)))];

/** The store is gone from the n-th call on, as it is for a process that is killed there. */
function dieAt(store: MemoryStore, call: number): void {
  let count = 0;
  store.before = (operation, name) => {
    count += 1;
    if (count >= call) throw new LifeboatError('store.unreachable', `the store is away (${operation} ${name})`);
  };
}

describe('a backup that dies', () => {
  test('at any call to the store leaves only whole points, and the next one works', async () => {
    let died = true;
    let call = 0;
    while (died) {
      call += 1;
      const store = new MemoryStore();
      const repository = await makeRepository(store);
      const before = await backup(repository, [file('old', randomBytes(1000))]);
      dieAt(store, call);
      died = await backup(repository, entries).then(
        () => false,
        () => true,
      );
      store.before = () => {};
      const next = await backup(await reopen(store), entries);
      const after = await reopen(store);
      const { damage, sound } = await after.verify({ depth: 'everything' });
      expect(damage, `after call ${call}`).toEqual([]);
      expect(sound).toEqual(expect.arrayContaining([before.id, next.id]));
      expect((await readAll(after, next)).get('a')?.length).toBe(700_000);
      expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toEqual([]);
    }
    expect(call).toBeGreaterThan(8);
  });

  test('after its packs were stored leaves them to the next one (resumable)', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    store.before = (operation, name) => {
      if (operation === 'put' && name.startsWith('index/')) throw new LifeboatError('store.unreachable', 'gone');
    };
    await expect(backup(repository, entries)).rejects.toMatchObject({ code: 'store.unreachable' });
    store.before = () => {};
    const next = await backup(await reopen(store), entries);
    expect(next.storedBytes).toBeLessThan(10_000);
    expect((await (await reopen(store)).verify({ depth: 'everything' })).damage).toEqual([]);
  });

  test('of a lying store is not called a point: a pack that did not read back', async () => {
    for (const lie of ['drop', 'cut', 'change'] as const) {
      const store = new MemoryStore();
      const repository = await makeRepository(store);
      const writer = await repository.write(writeOptions);
      for (const entry of entries) await writer.add(entry);
      const put = store.put.bind(store);
      store.put = async (name, parts, options) => {
        const bytes = Buffer.concat(parts);
        if (name.startsWith('packs/') && lie === 'drop') return;
        if (name.startsWith('packs/') && lie === 'cut') return put(name, [bytes.subarray(0, -1)], options);
        if (name.startsWith('packs/')) bytes.fill(0, 40, 400_000);
        return put(name, [bytes], options);
      };
      await expect(writer.commit(facts(), { planHash: '', tool: '' })).rejects.toThrow(/repository|pack|packs\//);
      await writer.abandon();
      expect((await repository.points()).points).toEqual([]);
    }
  });

  test('does not take a point that is not its own for its own', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const writer = await repository.write(writeOptions);
    await writer.add(entries[1] as (typeof entries)[1]);
    const [session] = [...store.objects.keys()].filter((name) => name.startsWith('sessions/'));
    store.objects.set((session as string).replace('sessions/', 'points/'), Buffer.from('claimed'));
    await expect(writer.commit(facts(), { planHash: '', tool: '' })).rejects.toMatchObject({ code: 'store.exists' });
    await writer.abandon();
  });

  test('leaves the session of a live writer on another host alone', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    await repository.write({ ...writeOptions, host: 'elsewhere' });
    await backup(await reopen(store), entries);
    expect([...store.objects.keys()].filter((name) => name.startsWith('sessions/'))).toHaveLength(1);
  });

  test('by its caller stops, abandons and says so', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const stop = new AbortController();
    const writer = await repository.write({ ...writeOptions, signal: stop.signal });
    await writer.add(entries[1] as (typeof entries)[1]);
    stop.abort();
    await expect(writer.add(entries[2] as (typeof entries)[2])).rejects.toMatchObject({ code: 'operation.cancelled' });
    await writer.abandon();
    expect((await repository.points()).points).toEqual([]);
  });
});
