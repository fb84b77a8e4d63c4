import { expect, test } from 'vitest';
import { MemoryStore } from '../testing/memory-store.ts';
import { Actor } from '../testing/model/actor.ts';
import { World } from '../testing/model/world.ts';

test('the model knows that a backup took its damaged point back before it died at a later attempt', async () => {
  let takenBack = 0;
  for (let afterCalls = 0; ; afterCalls += 1) {
    const place = new MemoryStore();
    const world = await World.make(place);
    const actor = new Actor(0, world, async () => {
      const isThere = (await Array.fromAsync(place.list('points/'))).length > 0;
      if (isThere && world.harms === 0)
        await world.harm({ do: 'harm', how: 'flip', kind: 'points/', which: 0, at: 0.5 });
    });
    await actor.act({ do: 'backup', files: [], dies: { afterCalls, takesEffect: false }, stops: false });

    const there = (await Array.fromAsync(place.list('points/'))).map(({ name }) => name.slice('points/'.length));
    expect(
      world.visible().map(({ id }) => id),
      `died at call ${afterCalls}`,
    ).toEqual(there);
    if (world.harms > 0 && there.length === 0) takenBack += 1;
    if (world.orphans.size === 0 && world.points.size > 0) break;
  }
  expect(takenBack).toBeGreaterThan(0);
});
