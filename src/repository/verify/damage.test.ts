import { createHash, randomBytes, randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isLifeboatError } from '../../core/index.ts';
import type { Point } from '../repository.ts';
import {
  backup,
  file,
  folder,
  makeRepository,
  readAll,
  reopen,
  withFolder,
  writeOptions,
} from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';

const original = new Map<string, Buffer>();
let whole: MemoryStore;
let point: Point;

/** Two points, several packs' worth of kinds, and a session of another host that still runs. */
beforeAll(async () => {
  whole = new MemoryStore();
  const repository = await makeRepository(whole);
  original.set('text', Buffer.from('a line of text\n'.repeat(3000)));
  original.set('noise', randomBytes(300_000));
  original.set('tiny', Buffer.from('x'));
  await backup(repository, [folder(''), file('tiny', Buffer.from('older'))]);
  point = await backup(repository, [folder(''), ...[...original].map(([name, bytes]) => file(name, bytes))]);
  await repository.write({ ...writeOptions, host: 'elsewhere' });
});

const kindOf = (name: string): string => name.split('/')[0] as string;
const namesOf = (kind: string): string[] => [...whole.objects.keys()].filter((name) => kindOf(name) === kind);

type Outcome = 'error' | 'reported' | 'unseen';

/** Restores the point from a changed store: an error, or right bytes with or without a word about the object. */
async function restored(store: MemoryStore, name: string): Promise<Outcome> {
  return withFolder(async (base) => {
    const target = join(base, 'target');
    await mkdir(target);
    try {
      const repository = await reopen(store);
      const contents = await repository.contents(await repository.point(point.id));
      await contents.writeTree(target);
      for (const [path, bytes] of original)
        expect((await readFile(join(target, path))).equals(bytes), `bytes of ${path}`).toBe(true);
      return contents.damage().some(({ object }) => object === name) ? 'reported' : 'unseen';
    } catch (error) {
      if (isLifeboatError(error) && error.exitCode !== 70) return 'error';
      throw error;
    }
  });
}

async function verified(store: MemoryStore, name: string): Promise<boolean> {
  try {
    const { damage } = await (await reopen(store)).verify({ depth: 'everything' });
    return damage.some(({ object }) => object === name);
  } catch (error) {
    if (isLifeboatError(error) && error.exitCode !== 70) return true;
    throw error;
  }
}

/** Objects that the restore of the point reads. */
async function needed(): Promise<Set<string>> {
  const store = whole.twin();
  expect(await restored(store, '')).toBe('unseen');
  return new Set(store.calls.filter(({ operation }) => operation === 'get').map(({ name }) => name));
}

async function mustShow(change: (store: MemoryStore, name: string) => void, names: Iterable<string>): Promise<void> {
  const read = await needed();
  for (const name of names) {
    const store = whole.twin();
    change(store, name);
    expect(await verified(store, name), `verify sees ${name}`).toBe(true);
    const outcome = await restored(store, name);
    expect(!read.has(name) || outcome !== 'unseen', `restore sees ${name}`).toBe(true);
  }
}

const bytesOf = (store: MemoryStore, name: string): Buffer => store.objects.get(name) as Buffer;

describe('damage', () => {
  test('of any object, truncated anywhere, is seen by verify and by restore', async () => {
    await mustShow((store, name) => {
      const bytes = bytesOf(store, name);
      store.objects.set(name, bytes.subarray(0, randomInt(1, bytes.length)));
    }, whole.objects.keys());
  });

  test('of any object that is empty is seen', async () => {
    await mustShow((store, name) => void store.objects.set(name, Buffer.alloc(0)), whole.objects.keys());
  });

  test('of any object with bytes behind its end is seen', async () => {
    await mustShow(
      (store, name) => void store.objects.set(name, Buffer.concat([bytesOf(store, name), Buffer.of(0)])),
      whole.objects.keys(),
    );
  });

  test('of a missing object that a point needs is seen', async () => {
    const needs = [...whole.objects.keys()].filter(
      (name) => !['sessions', 'points', 'index', 'canary'].includes(kindOf(name)),
    );
    await mustShow((store, name) => void store.objects.delete(name), needs);
  });

  test('by objects of one kind that changed places is seen', async () => {
    for (const kind of ['packs', 'index', 'points']) {
      const [one, two] = namesOf(kind) as [string, string];
      const swap = (store: MemoryStore): void => {
        store.objects.set(one, bytesOf(whole, two));
        store.objects.set(two, bytesOf(whole, one));
      };
      await mustShow(swap, [one, two]);
    }
  });

  test('by an object in the place of another kind is seen', async () => {
    const [pack] = namesOf('packs') as [string];
    for (const kind of ['index', 'points', 'keys', 'sessions']) {
      const [name] = namesOf(kind) as [string];
      await mustShow((store) => void store.objects.set(name, bytesOf(whole, pack)), [name]);
    }
  });

  test('by objects that no writer put there is seen as foreign', async () => {
    for (const name of ['packs/notes.txt', 'stray', 'points/first', `keys/${point.id}.old`]) {
      const store = whole.twin();
      store.objects.set(name, Buffer.from('hello'));
      const { damage } = await (await reopen(store)).verify({ depth: 'everything' });
      expect(damage).toMatchObject([{ object: name, kind: 'foreign' }]);
    }
  });

  test('with a hash that was made to fit is seen all the same: a hash is no proof', async () => {
    for (const kind of ['packs', 'index', 'points', 'sessions']) {
      await mustShow((store, name) => {
        const bytes = Buffer.from(bytesOf(store, name));
        const at = randomInt(32, bytes.length - 36);
        bytes[at] = (bytes[at] as number) ^ 1;
        createHash('sha256')
          .update(bytes.subarray(0, -32))
          .digest()
          .copy(bytes, bytes.length - 32);
        store.objects.set(name, bytes);
      }, namesOf(kind));
    }
  });

  test('flipped bits anywhere never give wrong bytes, and are seen', async () => {
    const names = [...whole.objects.keys()];
    const flips = fc.record({
      object: fc.nat(names.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bit: fc.nat(7),
    });
    const read = await needed();
    await fc.assert(
      fc.asyncProperty(flips, async ({ object, at, bit }) => {
        const name = names[object] as string;
        const store = flipped(name, Math.floor(at * (bytesOf(whole, name).length - 1)), bit);
        expect(await verified(store, name)).toBe(true);
        const outcome = await restored(store, name);
        expect(!read.has(name) || outcome !== 'unseen', `restore sees ${name}`).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('several at once never give wrong bytes', async () => {
    const names = [...whole.objects.keys()];
    const damage = fc.array(
      fc.record({ object: fc.nat(names.length - 1), how: fc.constantFrom('cut', 'drop', 'flip') }),
      { minLength: 2, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const store = whole.twin();
        for (const { object, how } of changes) {
          const name = names[object] as string;
          const bytes = Buffer.from(store.objects.get(name) ?? []);
          if (how === 'drop' || bytes.length === 0) store.objects.delete(name);
          else if (how === 'cut') store.objects.set(name, bytes.subarray(0, bytes.length >> 1));
          else
            store.objects.set(name, Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) as number) ^ 255)]));
        }
        await restored(store, ''); // asserts the bytes of whatever it brings back
      }),
      { numRuns: 60 },
    );
  });

  test('of an index is healed from the packs themselves and told', async () => {
    for (const name of namesOf('index')) {
      const store = flipped(name, 40, 3);
      const repository = await reopen(store);
      const read = await readAll(repository, point);
      expect(read.get('noise')?.equals(original.get('noise') as Buffer)).toBe(true);
      expect(repository.damage()).toMatchObject([{ object: name, kind: 'index', points: [] }]);
    }
    const store = whole.twin();
    for (const name of namesOf('index')) store.objects.delete(name);
    expect((await (await reopen(store)).verify({ depth: 'everything' })).damage).toEqual([]);
    expect((await readAll(await reopen(store), point)).size).toBe(3);
  });

  test('of one copy of the header or of a key is survived and told', async () => {
    for (const name of [...namesOf('keys'), 'repository', 'repository.copy']) {
      const store = flipped(name, 10, 0);
      const repository = await reopen(store);
      expect(repository.damage()).toMatchObject([{ object: name, points: [] }]);
      const { damage, sound } = await repository.verify({ depth: 'structure' });
      expect(damage).toMatchObject([{ object: name }]);
      expect(sound).toContain(point.id);
    }
  });

  test('names the points that suffer, and only those', async () => {
    const read = await needed();
    const [pack] = namesOf('packs').filter((name) => read.has(name)) as [string];
    for (const depth of ['structure', 'points', 'everything'] as const) {
      const store = whole.twin();
      store.objects.delete(pack);
      const { damage, sound } = await (await reopen(store)).verify({ depth });
      const blamed = damage.filter(({ object }) => object === pack).flatMap(({ points }) => points);
      expect(blamed).toContain(point.id);
      expect(sound).not.toContain(point.id);
    }
  });

  test('of a pack does not keep the next backup from storing what was lost again', async () => {
    const store = whole.twin();
    for (const name of namesOf('packs')) store.objects.delete(name);
    const repository = await reopen(store);
    const again = await backup(
      repository,
      [...original].map(([name, bytes]) => file(name, bytes)),
    );
    expect((await readAll(await reopen(store), again)).get('noise')?.equals(original.get('noise') as Buffer)).toBe(
      true,
    );
    const { sound } = await (await reopen(store)).verify({ depth: 'everything' });
    expect(sound).toContain(again.id);
  });
});

function flipped(name: string, at: number, bit: number): MemoryStore {
  const store = whole.twin();
  const bytes = bytesOf(store, name);
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
  return store;
}

describe('a pack whose header tells of another version, by one changed bit', () => {
  const changed = (name: string): MemoryStore => {
    const store = whole.twin();
    (store.objects.get(name) as Buffer)[8] = 0;
    return store;
  };

  test('is damage of this pack, and keeps nobody from looking at the others', async () => {
    for (const name of namesOf('packs')) {
      const { damage } = await (await reopen(changed(name))).verify({ depth: 'everything' });
      expect(damage.map(({ object, code }) => [object, code])).toContainEqual([name, 'repository.damaged']);
    }
  });

  test('does not keep a backup from its point, where no index covers it', async () => {
    const store = changed(namesOf('packs')[0] as string);
    for (const name of namesOf('index')) await store.remove(name);
    const made = await backup(await reopen(store), [file('later', Buffer.from('later'))]);
    expect((await readAll(await reopen(store), made)).get('later')?.toString()).toBe('later');
  });
});
