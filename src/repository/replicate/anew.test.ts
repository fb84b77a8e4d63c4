import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../core/index.ts';
import { faulty, type Store } from '../../stores/index.ts';
import { claimPoint } from '../format/tombstone.ts';
import type { Point, Repository } from '../repository.ts';
import { backup, file, makeRepository, readAll, reopen, writeOptions } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { replicate, type ReplicateOptions, type Replication } from './replicate.ts';

const options = { clock: systemClock, host: 'here' };
/** What was forgotten in the target is not brought back. */
let forgotten: Set<string>;
const content = randomBytes(300_000);
const files = [file('common', content)];

let source: MemoryStore;
let target: MemoryStore;
let here: Repository;
/** Not copied; all that it needs stands in a pack that a prune of the target condemned and could not delete yet. */
let point: Point;
/** Ends the writer that this prune waits for. */
let endWriter: () => Promise<void>;
beforeEach(async () => {
  source = new MemoryStore();
  target = new MemoryStore();
  here = await makeRepository(source);
  const first = await backup(here, files);
  await replicate(source, target, options);
  const there = await reopen(target);
  const writer = await there.write(writeOptions);
  endWriter = () => writer.abandon();
  await there.forget(first.id);
  forgotten = new Set([first.id]);
  await prune();
  point = await backup(here, files);
});

const prune = async () => (await reopen(target)).prune({ clock: systemClock, host: 'here', dryRun: false });
const withKey = (): Pick<ReplicateOptions, 'lacks' | 'anewIn'> => ({
  lacks: (id, present) => here.lacks(id, present),
  anewIn: (store, how) => here.anewIn(store, how),
});
const copy = (to: Store = target, over: Partial<ReplicateOptions> = {}): Promise<Replication> =>
  replicate(source, to, { ...options, ...withKey(), skip: forgotten, ...over });
const packs = (): string[] => [...target.objects.keys()].filter((name) => name.startsWith('packs/'));

async function expectWhole(): Promise<void> {
  const repository = await reopen(target);
  expect((await readAll(repository, point)).get('common')?.equals(content)).toBe(true);
  expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
}

describe('a point that needs a pack which a prune of the target is about to delete', () => {
  it('comes with what it needs of it written anew, and loses nothing when that pack goes', async () => {
    const condemned = [...(await (await reopen(target)).condemned())];
    expect(packs().some((name) => condemned.includes(name))).toBe(true);
    const done = await copy();
    expect(done).toMatchObject({ points: [point.id], waiting: [], damage: [] });
    // The chunks stand twice now; the name of a condemned pack is not written again.
    expect(done.bytes).toBeGreaterThan(content.length);
    await endWriter();
    await prune();
    expect(packs().filter((name) => condemned.includes(name))).toEqual([]);
    await expectWhole();
  });

  it('waits where there is no key', async () => {
    const { points, waiting } = await replicate(source, target, { ...options, skip: forgotten });
    expect({ points, waiting: waiting.length }).toEqual({ points: [], waiting: 1 });
  });

  it('is followed by others that count on what was written anew', async () => {
    await copy();
    const before = packs();
    const second = await backup(here, files);
    const { points, objects } = await copy();
    expect(points).toEqual([second.id]);
    // Its own entry list, an index, the point.
    expect(packs().length - before.length).toBeLessThanOrEqual(1);
    expect(objects).toBeLessThanOrEqual(3);
  });

  it('waits while the pack is damaged in the source, and nothing half is shown', async () => {
    const [condemned] = [...(await (await reopen(target)).condemned())].filter(
      (name) => (source.objects.get(name)?.length ?? 0) > content.length,
    ) as [string];
    source.objects.get(condemned)?.fill(0, 1_000, 200_000);
    expect(await copy()).toMatchObject({ points: [], waiting: [{ reason: expect.stringContaining(condemned) }] });
  });

  it('that nobody may make any more costs nothing', async () => {
    await copy(target, { skip: new Set([...forgotten, point.id]) });
    await claimPoint(target, point.id, 'pruner');
    const before = packs();
    expect(await copy()).toMatchObject({ points: [], waiting: [{ point: point.id }] });
    expect(packs()).toEqual(before);
  });

  it('broken off at any call shows no half point, and comes with the next', async () => {
    const before = new Map(target.objects);
    for (let at = 1, met = 1; met > 0; at += 2) {
      target = new MemoryStore();
      for (const [name, bytes] of before) target.objects.set(name, Buffer.from(bytes));
      const failing = faulty(target, { fault: 'error', at });
      await copy(failing).catch((error: unknown) => expect(error).toMatchObject({ code: 'store.unreachable' }));
      met = failing.met();
      const shown = (await (await reopen(target)).points()).points;
      if (shown.length > 0) await expectWhole();
      else expect(await copy()).toMatchObject({ points: [point.id] });
    }
    await expectWhole();
  });

  it('keeps within its rate', async () => {
    const clock = new ManualClock();
    await copy(target, { skip: new Set([...forgotten, point.id]) });
    const work = copy(target, { clock, bytesPerSecond: 100_000 });
    const ended = work.then(
      () => true,
      () => true,
    );
    for (let step = 0; step < 2_000; step += 1) {
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (await Promise.race([ended, Promise.resolve(false)])) break;
      await clock.advance(500);
    }
    expect((await work).points).toEqual([point.id]);
    expect(clock.elapsed()).toBeGreaterThan((content.length / 100_000) * 1000);
  });
});
