import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoFailingCalls } from './machine.ts';
import { pointsOf, RealPlace, type Ended } from './real-place.ts';

/** Real programs on a busy machine; the long sweeps run for as long as a file may. */
const timeout = process.env['LIFEBOAT_TEST_LONG'] === '1' ? 3_600_000 : 240_000;

const because = whyNoFailingCalls === undefined ? '' : `: ${whyNoFailingCalls}`;

/** Calls that change something; reading is left alone, for Node itself reads its sources with it. `reduce`: fewer bytes than asked. */
const calls = ['rw/pwrite', 'rw/pwrite/reduce', 'rw/ftruncate', 'sync/fsync', 'dir/rename', 'dir/unlink'];
const reasons = { EIO: 5, ENOSPC: 28 };

/**
 * System calls that fail below `bin/lifeboat`, by chance: of writing, syncing, renaming, removing, in the store, the journal, the
 * scratch folder and the target alike. `times`: how often each call meets each reason; `casesMax`: so many pairs of both, by chance.
 */
export function failingCallsSweep(times: number, casesMax = Infinity): void {
  let real: RealPlace;
  const counts = { runs: 0, refused: 0, worked: 0 };
  const reported: string[] = [];

  beforeAll(async () => {
    if (whyNoFailingCalls !== undefined) return;
    real = await RealPlace.make();
    await real.mustRun('store', 'init');
    reported.push(...pointsOf(await real.mustRun('backup')).map(({ id }) => id));
  });

  afterAll(async () => {
    if (whyNoFailingCalls !== undefined) return;
    await real.remove();
    console.log(
      `failing system calls: ${counts.runs} runs, ${counts.refused} refused, ${counts.worked} worked; 0 points lost, 0 damaged, 0 false green`,
    );
  });

  async function runWith(call: string, errno: number, words: readonly string[]): Promise<Ended> {
    // From a call now and then to all of them.
    const probability = Math.max(0.01, Math.random() ** 2).toFixed(3);
    real.around = [
      'fiu-run',
      // Without its pipe for commands: a program that opens it from two threads at its start waits for itself.
      '-f',
      '',
      '-x',
      '-c',
      `enable_random name=posix/io/${call},probability=${probability},failinfo=${errno}`,
    ];
    const answer = await real.run(...words);
    real.around = [];
    // Neither a crash of the program nor what it takes for a mistake of its own.
    expect([0, 1, 2, 4], `${call} ${errno} ${probability}: ${answer.said}`).toContain(answer.exitCode);
    counts.runs += 1;
    counts[answer.exitCode === 0 ? 'worked' : 'refused'] += 1;
    return answer;
  }

  const cases = Object.entries(reasons)
    .flatMap(([reason, errno]) => calls.map((call) => ({ call, reason, errno, place: Math.random() })))
    .toSorted((a, b) => a.place - b.place)
    .slice(0, casesMax);

  describe.skipIf(whyNoFailingCalls !== undefined)(`a machine whose calls fail${because}`, { timeout }, () => {
    it.each(cases)('$call with $reason: backup, restore and verify are whole or refuse', async ({ call, errno }) => {
      // What a case that failed has left is no failure of the next.
      await rm(real.path('out'), { recursive: true, force: true });
      for (let time = 0; time < times; time += 1) {
        const stamp = await real.change();
        const backup = await runWith(call, errno, ['backup']);
        // Also of a command that failed in part, each point it reports must be one.
        reported.push(...pointsOf(backup).map(({ id }) => id));
        await runWith(call, errno, ['verify', '--all']);
        const { json } = await real.mustRun('verify', '--all');
        expect(json).toMatchObject({ damage: [], failures: [] });
        const listed = pointsOf(await real.mustRun('points')).map(({ id }) => id);
        expect(listed).toEqual(expect.arrayContaining(reported));
        await real.mustRun('backup', 'docs');
        const restore = await runWith(call, errno, ['restore', 'docs', '--to', './out']);
        if (restore.exitCode === 0) expect(await real.stampOf(real.path('out'))).toBe(stamp);
        await expectNextRestore(stamp);
      }
    });
  });

  /** Whatever the last one left, visible or not, the next is whole and leaves nothing beside itself. */
  async function expectNextRestore(stamp: string): Promise<void> {
    if (existsSync(real.path('out'))) expect(await real.stampOf(real.path('out'))).toBe(stamp);
    await rm(real.path('out'), { recursive: true, force: true });
    await real.mustRun('restore', 'docs', '--to', './out');
    expect(await real.stampOf(real.path('out'))).toBe(stamp);
    expect((await readdir(real.place.folder)).filter((name) => name.includes('.lifeboat-'))).toEqual([]);
    await rm(real.path('out'), { recursive: true });
  }
}
