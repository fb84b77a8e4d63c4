import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFsStore } from '../fs/index.ts';
import { failingOver, faulty, metered, type Changeover, type Fault, type Store } from '../index.ts';

let folder: string;
let near: Store;
let far: Store;
let changes: Changeover[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lifeboat-replicas-'));
  near = await openFsStore(join(folder, 'near'), true);
  far = await openFsStore(join(folder, 'far'), true);
  changes = [];
  for (const store of [near, far]) await store.put('packs/a', [Buffer.from('whole')]);
});
afterEach(() => rm(folder, { recursive: true }));

const both = (first: Store): Store =>
  failingOver(
    [
      { name: 'near', store: first },
      { name: 'far', store: far },
    ],
    (change) => changes.push(change),
  );

describe('stores read as one', () => {
  it('read from the first, and leave the others alone', async () => {
    const counted = metered(far);
    const store = failingOver(
      [
        { name: 'near', store: near },
        { name: 'far', store: counted },
      ],
      (one) => changes.push(one),
    );
    expect((await store.get('packs/a')).toString()).toBe('whole');
    expect(await store.stat('packs/a')).toMatchObject({ bytes: 5 });
    expect([counted.meter().calls.get, changes]).toEqual([0, []]);
  });

  it('change over to the next when one goes away, say so once, and ask it last from then on', async () => {
    const counted = metered(faulty(near, { fault: 'error', at: 2, times: Infinity }));
    const store = both(counted);
    for (let n = 0; n < 4; n += 1) expect((await store.get('packs/a')).toString()).toBe('whole');
    expect(changes).toEqual([{ from: 'near', to: 'far', object: undefined, reason: 'injected: no connection' }]);
    expect(counted.meter().calls.get).toBe(2);
  });

  it.each<Fault>(['io', 'error'])(
    'read one object from the next where the first fails with "%s", in the middle of others',
    async (fault) => {
      const store = both(faulty(near, { fault, at: 2 }));
      for (let n = 0; n < 3; n += 1) expect((await store.get('packs/a')).toString()).toBe('whole');
      expect(changes).toHaveLength(1);
    },
  );

  it('find what the first has not, and list what any has', async () => {
    await near.remove('packs/a');
    await near.put('packs/b', [Buffer.from('b')]);
    const store = both(near);
    expect((await store.get('packs/a')).toString()).toBe('whole');
    expect(changes).toMatchObject([{ object: 'packs/a', from: 'near' }]);
    const names = (await Array.fromAsync(store.list('packs/'))).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['packs/a', 'packs/b']);
  });

  it('read elsewhere what is doubted, and say when there is no other', async () => {
    const store = both(near);
    expect(store.doubt?.('packs/a')).toBe(false);
    await near.put('packs/a', [Buffer.from('wrong')]);
    expect((await store.get('packs/a')).toString()).toBe('wrong');
    expect(store.doubt?.('packs/a')).toBe(true);
    expect((await store.get('packs/a')).toString()).toBe('whole');
    expect(store.doubt?.('packs/a')).toBe(false);
    expect(changes).toMatchObject([{ object: 'packs/a', from: 'near', to: 'far' }]);
  });

  it('fail only when every one does, with what says most', async () => {
    await near.remove('packs/a');
    far = faulty(far, { fault: 'error', at: 1, times: Infinity });
    await expect(both(near).get('packs/a')).rejects.toMatchObject({ code: 'store.unreachable' });
    const broken = both(faulty(near, { fault: 'error', at: 1 }));
    await expect(Array.fromAsync(broken.list('packs/'))).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  it('cannot be written', async () => {
    await expect(both(near).put('packs/b', [])).rejects.toMatchObject({ code: 'store.denied' });
    await expect(both(near).remove('packs/a')).rejects.toMatchObject({ code: 'store.denied' });
  });
});
