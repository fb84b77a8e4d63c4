import { expect, test } from 'vitest';
import { reopen } from '../repository/testing/fixtures.ts';
import { seed } from '../testing/seed.ts';
import { bytesOf, writers, Year } from './testing/year.ts';

/** So many assets for so many days, of which everything that should be there is there in the end, and nothing else. */
export function simulatedYear({ assets, days }: { assets: number; days: number }, timeoutMs: number): void {
  test(
    `${days} days of ${assets} assets and ${writers} writers, with retention, prunes, copies, holds and deaths: what should be there is there`,
    async () => {
      const year = new Year(assets);
      await year.begin();
      let dead: readonly string[] = [];
      for (let day = 0; day < days; day += 1) {
        await year.live(day);
        if (day % 73 === 72) console.log(`simulated: day ${day + 1}, ${year.counts.backups} backups, seed ${seed}`);
        if (day % 7 !== 0) continue;
        // Between two nights nobody is at work: whoever still has a session is dead.
        const { writers: open } = await year.prune('near', dead);
        dead = open.map(({ id }) => id);
      }
      await year.retain();
      for (let round = 0; round < 3; round += 1) {
        for (const where of ['near', 'far'] as const) {
          const { writers: open } = await year.prune(where, dead);
          dead = open.map(({ id }) => id);
        }
      }
      const sizes: string[] = [];
      for (const where of ['near', 'far'] as const) {
        const repository = await reopen(year[where]);
        const { damage, sound } = await repository.verify({ depth: 'everything' });
        expect(damage).toEqual([]);
        expect(sound.toSorted()).toEqual([...year.visible[where].keys()].toSorted());
        for (const id of year.visible[where].keys()) await year.restore(repository, id);
        const left = await repository.prune({ clock: year.clock, host: 'pruner', dryRun: true });
        expect([left.unneeded.packs, left.condemned.packs, left.busy.packs, left.waiting.packs]).toEqual([0, 0, 0, 0]);
        expect(left.partlyUnused.unusedBytes).toBeLessThan(left.held.bytes / 2);
        sizes.push(
          `${where} ${sound.length} points, ${left.held.packs} packs, ${(bytesOf(year[where]) / 1e6).toFixed(1)} MB`,
        );
      }
      for (const id of year.held.keys()) expect(year.visible.near.has(id)).toBe(true);
      const { counts } = year;
      expect(counts.deletedPacks).toBeGreaterThan(0);
      console.log(
        `simulated ${days} days: ${counts.backups} backups (${counts.killed} killed, ${counts.evicted} given up), ${counts.forgotten} points forgotten, ${counts.pruned} prunes of ${counts.deletedPacks} packs and ${(counts.movedBytes / 1e6).toFixed(1)} MB moved, ${counts.restored} restores, ${year.held.size} holds; peak ${(year.peakBytes / 1e6).toFixed(1)} MB, now ${sizes.join('; ')}; seed ${seed}; 0 lost`,
      );
    },
    timeoutMs,
  );
}
