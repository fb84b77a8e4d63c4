import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../stores/index.ts';
import type { Point } from '../repository.ts';
import { backup, file, makeRepository, reopen } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

let store: MemoryStore;
let kept: Point;
let going: Point;
/** What only the second point needs. */
let itsOwn: string[];
beforeEach(async () => {
  store = new MemoryStore();
  const repository = await makeRepository(store);
  kept = await backup(repository, [file('a', randomBytes(50_000))]);
  const before = new Set(store.objects.keys());
  going = await backup(repository, [file('a', randomBytes(50_000))]);
  itsOwn = [...store.objects.keys()].filter((name) => !before.has(name));
});

/** The store, from which the second point and all that only it needs goes when something of a kind is first asked for. */
function losingAt(kind: string): Store {
  return new Proxy<Store>(store, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      return (...words: unknown[]) => {
        if (key === 'get' && String(words[0]).startsWith(kind)) for (const name of itsOwn) store.objects.delete(name);
        return Reflect.apply(value, target, words) as unknown;
      };
    },
  });
}

describe('a point that retention lets go', () => {
  test('after it was chosen to be verified is no damage, nor is it whole', async () => {
    const repository = await reopen(store);
    await repository.forget(going.id);
    const { damage, sound, checked } = await repository.verify({ depth: 'points', points: [kept, going] });
    expect({ damage, sound, points: checked.points }).toEqual({ damage: [], sound: [kept.id], points: 1 });
  });

  test.each(['index', 'packs'])('while its %s are read is no damage, with all that went after it', async (kind) => {
    for (const points of [undefined, [kept, going]]) {
      const repository = await reopen(losingAt(kind));
      const asked = points === undefined ? {} : { points };
      const { damage, sound } = await repository.verify({ depth: 'points', ...asked });
      expect({ damage, sound }).toEqual({ damage: [], sound: [kept.id] });
    }
  });

  test('is told from one that stays and misses something', async () => {
    for (const name of itsOwn.filter((one) => one.startsWith('packs/'))) store.objects.delete(name);
    const { damage, sound } = await (await reopen(store)).verify({ depth: 'points', points: [kept, going] });
    expect(damage.flatMap(({ points }) => points)).toContain(going.id);
    expect(sound).toEqual([kept.id]);
  });
});
