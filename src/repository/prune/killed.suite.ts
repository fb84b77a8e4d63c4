import { expect, test } from 'vitest';
import { withFolder } from '../testing/fixtures.ts';
import { KilledPrunes } from '../testing/killed/scene.ts';

/** So many prunes, killed in front of each of their calls to the store in turn and at any instant, while backups run. */
export function killedPrunes({ kills, writers }: { kills: number; writers: number }, timeoutMs: number): void {
  test(
    `${kills} prunes killed with kill -9 while ${writers} processes back up: no point is lost, and the space comes back after`,
    () =>
      withFolder(async (folder) => {
        const scene = await KilledPrunes.at(`${folder}/store`);
        for (let writer = 0; writer < writers; writer += 1) await scene.startWriter();
        await scene.points(12);
        let call = firstCall(kills);
        while (scene.counts.killed < kills) {
          await scene.forgetOld();
          const wasKilled = await scene.killPrune(scene.counts.killed % 3 === 2 ? 'any' : call);
          call = wasKilled ? call + strideOf(kills) : firstCall(kills);
          await scene.expectSafe(2);
          if (scene.counts.killed % 20 === 10) {
            await scene.killWriter();
            await scene.startWriter();
          }
          await scene.points(2);
        }
        await scene.stopWriters();
        await scene.expectSafe('all');
        await expectSpaceBack(scene);
        const { counts } = scene;
        console.log(
          `killed prunes: ${counts.killed} killed, ${counts.finished} came to their end, ${counts.points} points made meanwhile (${counts.refused} refused, ${counts.writersKilled} writers killed), ${counts.forgotten} forgotten, ${counts.restored} restored; 0 lost`,
        );
      }),
    timeoutMs,
  );
}

/** So many writers that hang in the middle of a point are given up by a prune, and wake up afterwards. */
export function evictedWriters(times: number, timeoutMs: number): void {
  test(
    `${times} writers that hang and are given up fail cleanly when they wake up, and their next backups are whole`,
    () =>
      withFolder(async (folder) => {
        const scene = await KilledPrunes.at(`${folder}/store`);
        await scene.startWriter();
        await scene.points(12);
        let evicted = 0;
        while (evicted < times) {
          await scene.forgetOld();
          const id = await scene.freezeWriter();
          const before = scene.counts.refused;
          const result = await scene.prune({ evict: [id] });
          // Its last request may have been under way: then the point is there, and was not given up.
          expect(result.evicted.includes(id) ? result.writers : []).toEqual([]);
          evicted += result.evicted.length;
          scene.thawWriter();
          await scene.points(2);
          expect(scene.counts.refused - before).toBe(result.evicted.length);
          await scene.expectSafe(3);
        }
        await scene.stopWriters();
        await expectSpaceBack(scene);
        console.log(
          `evicted writers: ${evicted} given up while they hung, ${scene.counts.points} points made, ${scene.counts.restored} restored; 0 lost`,
        );
      }),
    timeoutMs,
  );
}

/** A few kills are spread over a prune of some hundred calls, many leave out only what is under way together. */
const strideOf = (kills: number): number => (kills < 50 ? 17 + Math.floor(Math.random() * 30) : 3);
const firstCall = (kills: number): number => (kills < 50 ? 10 + Math.floor(Math.random() * 30) : 5);

async function expectSpaceBack(scene: KilledPrunes): Promise<void> {
  for (let round = 0; round < 3; round += 1) await scene.prune();
  const left = await scene.prune({ dryRun: true });
  expect([left.unneeded.packs, left.condemned.packs, left.busy.packs, left.waiting.packs, left.writers]).toEqual([
    0,
    0,
    0,
    0,
    [],
  ]);
  expect(left.partlyUnused.unusedBytes).toBeLessThan(left.held.bytes / 2);
  const store = await scene.store();
  const remains: string[] = [];
  for (const folder of ['sessions/', 'condemned/', 'awaited/'])
    for await (const { name } of store.list(folder)) remains.push(name);
  expect(remains).toEqual([]);
  await scene.expectSafe('all');
}
