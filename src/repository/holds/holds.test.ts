import { describe, expect, it } from 'vitest';
import { timeId } from '../../core/index.ts';
import { folder, makeRepository, reopen, backup } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import type { Hold } from '../repository.ts';

const point = timeId(1);
const holdOf = (over: Partial<Hold> = {}): Hold => ({
  id: timeId(1_000),
  kind: 'legal',
  point,
  reason: 'case 4711',
  by: 'counsel',
  createdMs: 1_000,
  ...over,
});

describe('a hold', () => {
  it('comes back as it was, from a repository opened anew, and can be released once', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    const [first, second] = [holdOf(), holdOf({ id: timeId(2_000), untilMs: 5, asset: 'orders' })];
    const { point: _, ...ofAsset } = second;
    await repository.hold(ofAsset);
    await repository.hold(first);
    expect(await (await reopen(store)).holds()).toEqual({ holds: [first, ofAsset], damage: [] });
    await repository.release(first.id);
    expect((await repository.holds()).holds).toEqual([ofAsset]);
    await expect(repository.release(first.id)).rejects.toMatchObject({ code: 'hold.missing' });
    await expect(repository.release('../points/x')).rejects.toMatchObject({ code: 'hold.missing' });
  });

  it('has the same bytes in two stores of one repository, and may be given twice', async () => {
    const store = new MemoryStore();
    const near = await makeRepository(store);
    const far = await reopen(store.twin());
    const hold = holdOf();
    const bytes = await near.hold(hold);
    expect(await far.hold(hold, bytes)).toEqual(bytes);
    expect(await far.hold(hold, bytes)).toEqual(bytes);
    await expect(far.hold({ ...hold, reason: 'another' })).rejects.toMatchObject({ code: 'store.exists' });
    expect((await far.holds()).holds).toEqual([hold]);
  });

  it('that was changed, cut, swapped or sealed for another name is named as damage and by verify, never believed', async () => {
    const store = new MemoryStore();
    const repository = await makeRepository(store);
    await backup(repository, [folder('')]);
    const hold = holdOf();
    const name = `holds/${hold.id}`;
    const good = await repository.hold(hold);
    const other = await repository.hold(holdOf({ id: timeId(2_000) }));
    const changed = Buffer.from(good);
    changed[40] = (changed[40] as number) ^ 1;
    for (const bytes of [changed, good.subarray(0, -1), Buffer.alloc(0), other]) {
      store.objects.set(name, bytes);
      const { holds, damage } = await repository.holds();
      expect(holds).toHaveLength(1);
      expect(damage).toMatchObject([{ object: name, kind: 'hold', code: 'repository.damaged' }]);
      const verified = await repository.verify({ depth: 'everything' });
      expect(verified.damage).toMatchObject([{ object: name, kind: 'hold', points: [] }]);
    }
    store.objects.set(name, good);
    expect((await repository.verify({ depth: 'everything' })).damage).toEqual([]);
    expect((await repository.holds()).holds).toHaveLength(2);
  });
});
