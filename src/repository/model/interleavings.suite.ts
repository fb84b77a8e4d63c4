import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { openFsStore } from '../../stores/fs/index.ts';
import { isReplay, seed } from '../../testing/seed.ts';
import { withFolder } from '../testing/fixtures.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { programs, type Program } from '../testing/model/actions.ts';
import { counts } from '../testing/model/actor.ts';
import { playOut } from '../testing/model/story.ts';

/** So many programs of several processes on each kind of store, every call of theirs interleaved by chance. */
export function interleavings(runs: { memory: number; fs: number }): void {
  let played = 0;
  let calls = 0;

  const assertAll = (numRuns: number, play: (program: Program) => Promise<number>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(programs, async (program) => {
        calls += await play(program);
        played += 1;
      }),
      // A failure is made smaller only when it is replayed: that takes minutes.
      { numRuns, seed, endOnFailure: !isReplay },
    );

  afterAll(() => {
    expect(counts.backups).toBeGreaterThan(played / 2);
    const { backups, kills, verified, restored, harms, forgotten } = counts;
    const { prunes, deletedPacks, movedPacks, evictions, copies, copiedPoints, copiesRead } = counts;

    console.log(
      `interleavings: ${played} of ${calls} calls (${backups} backups, ${kills} kills, ${verified} verifications, ${restored} restores, ${forgotten} forgotten, ${harms} harms, ${prunes} prunes of ${deletedPacks} packs and ${movedPacks} moved, ${evictions} evictions, ${copies} copies of ${copiedPoints} points to another store, ${copiesRead} read back there), seed ${seed}; 0 lost, 0 false green`,
    );
  });

  describe('backups, verifications, restores, forgetting, prunes, evictions and copies in any order, with kills and damage', () => {
    test('agree with the model in memory', () =>
      assertAll(runs.memory, (program) => playOut(new MemoryStore(), program)));

    test('agree with the model on disk', () =>
      assertAll(runs.fs, (program) =>
        withFolder(async (folder) => playOut(await openFsStore(`${folder}/store`, true), program)),
      ));
  });
}
