import { expect, test } from 'vitest';
import type { Store } from '../../stores/index.ts';
import { backup, file, folder, makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

test('what is damaged among the points stands by name, whichever of them the store gives first', async () => {
  const store = new MemoryStore();
  const repository = await makeRepository(store);
  for (let n = 0; n < 4; n += 1) await backup(repository, [folder(''), file('a', Buffer.from(`${n}`))]);
  const names = [...store.objects.keys()].filter((name) => name.startsWith('points/')).toSorted();
  for (const name of names) {
    const bytes = store.objects.get(name) as Buffer;
    bytes[40] = (bytes[40] as number) ^ 1;
  }
  const lastFirst: Store = {
    location: 'memory',
    atomicCreate: true,
    put: (...given) => store.put(...given),
    get: async (name, options) => {
      await new Promise((resolve) => setTimeout(resolve, 40 - 10 * names.indexOf(name)));
      return store.get(name, options);
    },
    stat: (name) => store.stat(name),
    list: (prefix) => store.list(prefix),
    remove: (name) => store.remove(name),
    close: () => store.close(),
  };
  const { damage } = await (await reopen(lastFirst)).points();
  expect(damage.map(({ object }) => object)).toEqual(names);
});
