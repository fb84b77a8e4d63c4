import { expect, test } from 'vitest';
import { MemoryStore } from '../testing/memory-store.ts';
import { Actor } from '../testing/model/actor.ts';
import { World } from '../testing/model/world.ts';

const copying = { do: 'replicate', prunesCopy: undefined, hasKey: false } as const;

test.each(['source', 'copy'] as const)(
  'the model knows of every copy that dies at a call to the %s, also where that call only tidies up',
  async (diesAt) => {
    for (let afterCalls = 0; ; afterCalls += 1) {
      const place = new MemoryStore();
      const world = await World.make(place);
      const actor = new Actor(0, world, async () => {});
      await actor.act({ do: 'backup', files: [1], dies: undefined, stops: false });
      await actor.act({ ...copying, diesAt, dies: { afterCalls, takesEffect: false } });
      if (world.replica.deaths > 0) continue;
      expect(afterCalls).toBeGreaterThan(5);
      for (const store of [place, world.replica.handle()]) {
        const sessions = await Array.fromAsync(store.list('sessions/'));
        expect(sessions, `who did not die at call ${afterCalls} leaves nothing`).toEqual([]);
      }
      return;
    }
  },
);
