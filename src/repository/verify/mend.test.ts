import { describe, expect, test } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import { backup, file, makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const entries = [file('a', Buffer.from('hello'))];
const damageOf = async (store: MemoryStore): Promise<unknown[]> =>
  (await (await reopen(store)).verify({ depth: 'everything' })).damage;
const twinsOf = async (store: MemoryStore): Promise<string[]> =>
  (await Array.fromAsync(store.list(''))).map(({ name }) => name).filter((name) => /^(repository|keys)/.test(name));

describe('what is kept twice', () => {
  test('is made whole again by the next writer, whichever copy is gone or damaged', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    const names = await twinsOf(store);
    expect(names).toHaveLength(4);
    for (const name of names) {
      const whole = await store.get(name);
      for (const harm of [() => store.remove(name), () => store.put(name, [whole.subarray(0, 40)])]) {
        await harm();
        expect(await damageOf(store)).toMatchObject([{ object: name }]);
        await backup(await reopen(store), entries);
        expect(await store.get(name)).toEqual(whole);
        expect(await damageOf(store)).toEqual([]);
      }
    }
  });

  test('is never made from the header or key of another repository', async () => {
    const [store, other] = [new MemoryStore(), new MemoryStore()];
    await makeRepository(store);
    await makeRepository(other);
    await store.put('repository.copy', [await other.get('repository')]);
    const before = await store.get('repository');
    await backup(await reopen(store), entries);
    expect(await store.get('repository')).toEqual(before);
    expect(await store.get('repository.copy')).toEqual(await other.get('repository'));
    await store.remove('repository');
    await expect(reopen(store)).rejects.toMatchObject({ code: 'key.missing' });
  });

  test('does not keep a backup from its point when the store refuses the mending', async () => {
    const store = new MemoryStore();
    await makeRepository(store);
    await store.remove('repository.copy');
    store.before = (operation, name) => {
      if (operation === 'put' && name === 'repository.copy') throw new LifeboatError('store.denied', 'no');
    };
    const point = await backup(await reopen(store), entries);
    expect((await (await reopen(store)).point(point.id)).id).toBe(point.id);
    expect(await damageOf(store)).toMatchObject([{ object: 'repository.copy' }]);
  });
});

describe('a key that a killed maker left', () => {
  test('is removed by who makes the repository, whole or not, and no other is', async () => {
    const [store, killed] = [new MemoryStore(), new MemoryStore()];
    await makeRepository(killed);
    const [key, copy] = (await twinsOf(killed)).filter((name) => name.startsWith('keys/')) as [string, string];
    await store.put(key, [await killed.get(key)]);
    await store.put(copy, [(await killed.get(copy)).subarray(0, 100)]);
    await makeRepository(store);
    const left = await twinsOf(store);
    expect(left).toHaveLength(4);
    expect(left).not.toContain(key);
    expect(left).not.toContain(copy);
    expect(await damageOf(store)).toEqual([]);
  });
});
