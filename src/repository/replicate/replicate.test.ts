import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ManualClock, systemClock, timeId } from '../../core/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import { faulty, type Store } from '../../stores/index.ts';
import { encodeCondemned } from '../format/condemned-object.ts';
import { claimPoint } from '../format/tombstone.ts';
import { condemnedName } from '../names.ts';
import { backup, file, makeRepository, readAll, reopen, withFolder } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import type { Point } from '../repository.ts';
import { planReplication, replicate } from './replicate.ts';

const options = { clock: systemClock, host: 'here' };
const content = randomBytes(300_000);

/** A source with one point for each list of names; every file has bytes of its own, and all have one in common. */
async function sourceOf(points: number, store = new MemoryStore()): Promise<{ source: MemoryStore; points: Point[] }> {
  const repository = await makeRepository(store);
  const made: Point[] = [];
  for (let n = 0; n < points; n += 1)
    made.push(await backup(repository, [file('common', content), file('own', randomBytes(50_000 + n))]));
  return { source: store, points: made };
}

async function expectRestores(store: Store, point: Point): Promise<void> {
  const files = await readAll(await reopen(store), point);
  expect(files.get('common')?.equals(content)).toBe(true);
  expect(files.get('own')?.length).toBeGreaterThanOrEqual(50_000);
}

const names = (store: MemoryStore, prefix: string): string[] =>
  [...store.objects.keys()].filter((name) => name.startsWith(prefix)).toSorted();

describe('replicate', () => {
  it('makes an empty place a store of the same repository, from which every point comes back', async () => {
    const { source, points } = await sourceOf(3);
    const target = new MemoryStore();
    const plan = await planReplication(source, target, options);
    expect(target.objects.size).toBe(0);
    const done = await replicate(source, target, options);
    expect(done).toMatchObject({ isNew: true, points: points.map(({ id }) => id), waiting: [], damage: [] });
    expect([plan.points, plan.objects, plan.bytes]).toEqual([done.points, done.objects, done.bytes]);
    expect([...target.objects.keys()].toSorted()).toEqual([...source.objects.keys()].toSorted());
    source.objects.clear();
    for (const point of points) await expectRestores(target, point);
    expect((await (await reopen(target)).verify({ depth: 'everything' })).damage).toEqual([]);
  });

  it('copies only what is new, and nothing the second time', async () => {
    const { source } = await sourceOf(1);
    const target = new MemoryStore();
    await replicate(source, target, options);
    expect(await replicate(source, target, options)).toMatchObject({ isNew: false, objects: 0, points: [] });
    await backup(await reopen(source), [file('common', content), file('own', randomBytes(60_000))]);
    const third = await replicate(source, target, options);
    expect(third.points).toHaveLength(1);
    expect(third.bytes).toBeLessThan(100_000);
  });

  it('refuses a store of another repository, and leaves it as it is', async () => {
    const { source } = await sourceOf(1);
    const { source: other } = await sourceOf(1);
    const before = new Map(other.objects);
    await expect(replicate(source, other, options)).rejects.toMatchObject({ code: 'repository.foreign' });
    expect(new Map(other.objects)).toEqual(before);
  });

  it('needs no key: it never reads one but to copy it', async () => {
    const { source, points } = await sourceOf(1);
    const target = new MemoryStore();
    for (const name of names(source, 'keys/')) source.objects.set(name, source.objects.get(name) as Buffer);
    await replicate(source, target, options);
    expect(names(target, 'keys/')).toEqual(names(source, 'keys/'));
    expect(names(target, 'points/')).toEqual([`points/${points[0]?.id}`]);
  });

  it.each(['flip', 'cut', 'drop'] as const)(
    'names a pack of the source that was harmed (%s), never copies it, and shows no point that may need it',
    async (how) => {
      const { source } = await sourceOf(2);
      const [pack] = names(source, 'packs/') as [string];
      const bytes = source.objects.get(pack) as Buffer;
      const flipped = Buffer.from(bytes);
      flipped[50] = (flipped[50] as number) ^ 1;
      if (how === 'drop') source.objects.delete(pack);
      else source.objects.set(pack, how === 'flip' ? flipped : bytes.subarray(0, -9));
      const target = new MemoryStore();
      const done = await replicate(source, target, options);
      expect(target.objects.has(pack)).toBe(false);
      if (how === 'drop') return; // without a key nobody can tell; see the next test
      expect(done.damage).toMatchObject([{ object: pack, code: 'repository.damaged' }]);
      expect(done.points).toEqual([]);
      expect(done.waiting).toHaveLength(2);
      source.objects.set(pack, bytes);
      expect((await replicate(source, target, options)).points).toHaveLength(2);
    },
  );

  it('lets the other points go on where the key tells what each needs', async () => {
    const { source, points } = await sourceOf(2);
    const repository = await reopen(source);
    const lacks = (id: string, present: ReadonlySet<string>): Promise<readonly string[]> =>
      repository.lacks(id, present);
    const before = new Set(names(source, 'packs/'));
    const third = await backup(repository, [file('own', randomBytes(70_000))]);
    const [own] = names(source, 'packs/').filter((name) => !before.has(name)) as [string];
    source.objects.set(own, (source.objects.get(own) as Buffer).subarray(0, 100));
    const target = new MemoryStore();
    const done = await replicate(source, target, { ...options, lacks });
    expect(done.points).toEqual(points.map(({ id }) => id));
    expect(done.waiting).toEqual([{ point: third.id, reason: expect.stringContaining(own) }]);
    for (const point of points) await expectRestores(target, point);
  });

  it('asks of each single point what it needs a few times, however many come with it', async () => {
    const { source, points } = await sourceOf(40);
    const repository = await reopen(source);
    let asked = 0;
    const lacks = (id: string, present: ReadonlySet<string>): Promise<readonly string[]> => {
      asked += 1;
      return repository.lacks(id, present);
    };
    const only = new Set(points.slice(1).map(({ id }) => id));
    const target = new MemoryStore();
    expect((await replicate(source, target, { ...options, lacks, only })).points).toHaveLength(39);
    // Two looks at the source, and one before it is shown.
    expect(asked).toBe(3 * 39);
    await (await reopen(target)).rebuildIndex();
    for (const point of [points[1], points[39]]) await expectRestores(target, point as Point);
  });

  it('never overwrites what is whole, and mends what is not', async () => {
    const { source, points } = await sourceOf(1);
    const target = new MemoryStore();
    await replicate(source, target, options);
    const [pack] = names(target, 'packs/') as [string];
    target.objects.set(pack, (target.objects.get(pack) as Buffer).subarray(0, 60));
    expect(await replicate(source, target, options)).toMatchObject({ mended: [pack], differing: [] });
    expect(target.objects.get(pack)).toEqual(source.objects.get(pack));
    await expectRestores(target, points[0] as Point);
  });

  it('looks into what is said to be damaged in the target, though it has the right size, and mends what is', async () => {
    const { source } = await sourceOf(1);
    const log = (await reopen(source)).log('orders', '7300');
    for (const start of [0n, 3n]) await log.append({ timeline: 1, start, end: start + 3n }, Buffer.from('abc'), {});
    const target = new MemoryStore();
    await replicate(source, target, options);
    const [harmed = '', sound = ''] = names(target, 'logs/');
    const right = target.objects.get(harmed) as Buffer;
    target.objects.set(harmed, Buffer.from(right).fill(0, right.length - 20, right.length - 10));
    expect(await replicate(source, target, options)).toMatchObject({ objects: 0, mended: [] });
    const distrust = new Set([harmed, sound]);
    expect(await planReplication(source, target, { ...options, distrust })).toMatchObject({ objects: 2 });
    expect(await replicate(source, target, { ...options, distrust })).toMatchObject({ objects: 1, mended: [harmed] });
    expect(target.objects.get(harmed)?.equals(right)).toBe(true);
  });

  it('brings no point back that was forgotten in the target on purpose', async () => {
    const { source, points } = await sourceOf(2);
    const target = new MemoryStore();
    await replicate(source, target, options);
    const id = points[0]?.id as string;
    await (await reopen(target)).forget(id);
    expect(await replicate(source, target, { ...options, skip: new Set([id]) })).toMatchObject({ points: [] });
    expect(await replicate(source, target, options)).toMatchObject({ points: [id] });
  });

  it('leaves a point to another copy that is at work on it, also when that ends as it is asked for', async () => {
    const { source, points } = await sourceOf(1);
    const target = new MemoryStore();
    const id = points[0]?.id as string;
    await replicate(source, target, { ...options, skip: new Set([id]) });
    target.objects.set(`sessions/${id}`, Buffer.from('of another'));
    target.before = (operation, name) => {
      if (operation === 'get') target.objects.delete(name.startsWith('sessions/') ? name : '');
    };
    expect(await replicate(source, target, options)).toMatchObject({ points: [], waiting: [{ point: id }] });
    expect((await replicate(source, target, options)).points).toEqual([id]);
  });

  it('never shows a point whose name a prune of the target took', async () => {
    const { source, points } = await sourceOf(1);
    const target = new MemoryStore();
    const id = points[0]?.id as string;
    await replicate(source, target, { ...options, skip: new Set([id]) });
    await claimPoint(target, id, 'pruner');
    const claim = target.objects.get(`points/${id}`);
    expect(await replicate(source, target, options)).toMatchObject({ points: [], waiting: [{ point: id }] });
    expect(target.objects.get(`points/${id}`)).toEqual(claim);
    // Nor is a claim in the source taken for a point.
    expect(await replicate(target, new MemoryStore(), options)).toMatchObject({ points: [], damage: [] });
  });

  it('shows no new point that may need what a prune of the target is about to delete', async () => {
    const { source, points } = await sourceOf(1);
    const target = new MemoryStore();
    const id = points[0]?.id as string;
    await replicate(source, target, { ...options, skip: new Set([id]) });
    const [pack] = names(target, 'packs/') as [string];
    const condemned = encodeCondemned([pack.slice(-32)]);
    target.objects.set(condemnedName(timeId(systemClock.now())), condemned);
    const done = await replicate(source, target, options);
    expect(done).toMatchObject({ points: [], waiting: [{ reason: expect.stringContaining(pack) }] });
    for (const name of names(target, 'condemned/')) target.objects.delete(name);
    target.objects.delete(pack);
    expect((await replicate(source, target, options)).points).toEqual([id]);
    await expectRestores(target, points[0] as Point);
  });

  it('with the key, too, leaves only the point behind whose own object is damaged, and passes over one that went meanwhile', async () => {
    const { source, points } = await sourceOf(3);
    const [harmed, gone, last] = points.map(({ id }) => id) as [string, string, string];
    source.objects.get(`points/${harmed}`)?.fill(0, 40, 60);
    const repository = await reopen(source);
    const lacks = async (point: string, present: ReadonlySet<string>): Promise<string[]> => {
      if (point === gone) source.objects.delete(`points/${gone}`);
      return repository.lacks(point, present);
    };
    const done = await replicate(source, new MemoryStore(), { ...options, lacks });
    expect(done).toMatchObject({
      points: [last],
      waiting: [{ point: harmed, reason: 'its own object is damaged in the source' }],
      damage: [{ object: `points/${harmed}` }],
    });
  });

  it('keeps within its rate', async () => {
    const { source } = await sourceOf(1);
    const clock = new ManualClock();
    const work = replicate(source, new MemoryStore(), { clock, host: 'here', bytesPerSecond: 100_000 });
    const ended = work.then(
      () => true,
      () => true,
    );
    for (let step = 0; step < 20; step += 1) {
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (await Promise.race([ended, Promise.resolve(false)])) break;
      await clock.advance(500);
    }
    const { bytes } = await work;
    expect(clock.elapsed() / 1000).toBeGreaterThan((bytes * 0.5) / 100_000);
  });

  it('stopped or broken off at any call, it shows no half point, and goes on where it was', async () => {
    const { source, points } = await sourceOf(2);
    for (let at = 1, met = 1; met > 0; at += 3) {
      const target = new MemoryStore();
      const failing = faulty(target, { fault: 'error', at });
      const failed = await replicate(source, failing, options).catch((error: unknown) => error);
      met = failing.met();
      const repository = (failed as { code?: string }).code === undefined ? await reopen(target) : undefined;
      expect(repository === undefined || met === 0 || names(target, 'points/').length === 2).toBe(true);
      for (const name of names(target, 'points/')) {
        const point = points.find(({ id }) => name.endsWith(id)) as Point;
        await expectRestores(target, point);
      }
      expect(await replicate(source, target, options)).toMatchObject({ waiting: [] });
      expect(names(target, 'points/')).toHaveLength(2);
    }
  });

  it('works between folders', async () => {
    await withFolder(async (folder) => {
      const source = await openFsStore(`${folder}/source`, true);
      const point = await backup(await makeRepository(source), [
        file('common', content),
        file('own', randomBytes(50_000)),
      ]);
      const target = await openFsStore(`${folder}/target`, true);
      await replicate(source, target, options);
      await expectRestores(target, point);
    });
  });
});
