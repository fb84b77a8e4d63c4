import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mount, whyNoXfs } from './machine.ts';
import { ended, pointsOf, RealPlace, type Ended } from './real-place.ts';

/** Real programs on a busy machine; the long sweeps run for as long as a file may. */
const timeout = process.env['LIFEBOAT_TEST_LONG'] === '1' ? 3_600_000 : 240_000;

const because = whyNoXfs === undefined ? '' : `: ${whyNoXfs}`;

/**
 * Power cuts at random instants under `bin/lifeboat`: store and target lie on an XFS that is shut down without writing its
 * log, and the process is killed with it. What is there after the next mount is what was forced to the disk. `rounds`: cuts.
 */
export function powerCutSweep(rounds: number): void {
  let real: RealPlace;
  let disk: Mount;
  let cuts = 0;
  const counts = { cut: 0, after: 0, restores: 0 };
  /** What was ever reported as a point, oldest first. */
  const reported: string[] = [];
  /** How long a command of that kind runs when nobody cuts it. */
  const tookMs = new Map<string, number>();

  beforeAll(async () => {
    if (whyNoXfs !== undefined) return;
    real = await RealPlace.make();
    disk = Mount.xfs(real.path('disk'));
    await real.mustRun('store', 'init');
    await cutAndReturn();
    await real.change();
    reported.push(...pointsOf(await timed('backup')).map(({ id }) => id));
    await cutAndReturn();
  });

  afterAll(async () => {
    if (whyNoXfs !== undefined) return;
    disk.unmount();
    await real.remove();
    console.log(
      `power cuts: ${counts.cut} during a command, ${counts.after} after its end; ${reported.length} reported points and ${counts.restores} reported restores were all there; 0 lost`,
    );
  });

  /** On another disk, so that no sync of the journal hides one that the store or the target lacks; or on the same one. */
  let state = './.lifeboat';
  const stated = (...words: string[]): string[] => [...words, '--state', state];

  async function timed(...words: string[]): Promise<Ended> {
    const startedMs = performance.now();
    const answer = await real.run(...stated(...words));
    expect(answer.exitCode, answer.said).toBe(0);
    tookMs.set(words[0] as string, performance.now() - startedMs);
    return answer;
  }

  async function cutAndReturn(): Promise<void> {
    disk.cutPower();
    disk.unmount();
    disk.mountAgain();
  }

  /** Cuts the power at some instant of the command; what it said before is its word. */
  async function cutDuring(...words: string[]): Promise<Ended> {
    const startedMs = performance.now();
    const child = real.start(...stated(...words));
    const answer = ended(child);
    const exit = once(child, 'exit');
    // The first part is Node starting. Every third cut comes right after success was reported: that is what must be durable.
    cuts += 1;
    const partOfRun = cuts % 3 === 0 ? 1000 : 0.3 + 0.8 * Math.random();
    const untilMs = (tookMs.get(words[0] as string) ?? 1000) * partOfRun;
    const giveUp = new AbortController();
    const isOver = await Promise.race([exit.then(() => true), sleep(untilMs, false, { signal: giveUp.signal })]);
    giveUp.abort();
    disk.cutPower();
    // The machine is less busy than when this command was timed.
    if (isOver) tookMs.set(words[0] as string, performance.now() - startedMs);
    child.kill('SIGKILL');
    await exit;
    disk.unmount();
    disk.mountAgain();
    counts[isOver ? 'after' : 'cut'] += 1;
    return answer;
  }

  const sessions = (): Promise<string[]> => readdir(real.path('disk', 'store', 'sessions')).catch(() => []);

  async function expectAllReported(): Promise<void> {
    const listed = pointsOf(await real.mustRun(...stated('points'))).map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(reported));
    const verified = await real.mustRun(...stated('verify', '--all'));
    expect(verified.json).toMatchObject({ checked: { near: { points: listed.length } }, damage: [], failures: [] });
  }

  describe.skipIf(whyNoXfs !== undefined)(`a disk that loses power${because}`, { timeout }, () => {
    it('loses no point that was reported, shows no half one, and the next backup works', async () => {
      for (let round = 0; round < rounds; round += 1) {
        await real.change();
        const answer = await cutDuring('backup');
        if (answer.exitCode === 0) reported.push(...pointsOf(answer).map(({ id }) => id));
        await expectAllReported();
      }
      await timed('backup');
      await expectAllReported();
    });

    it('keeps a restore that was reported whole, and shows no half one', async () => {
      const stamp = await real.change();
      await timed('backup', 'docs');
      await timed('restore', 'docs', '--to', './disk/first');
      for (let round = 0; round < rounds; round += 1) {
        const answer = await cutDuring('restore', 'docs', '--to', './disk/out');
        if (answer.exitCode === 0) {
          expect(existsSync(real.path('disk', 'out'))).toBe(true);
          counts.restores += 1;
        }
        // Visible without having been reported is fine; half is not.
        if (existsSync(real.path('disk', 'out'))) expect(await real.stampOf(real.path('disk', 'out'))).toBe(stamp);
        await rm(real.path('disk', 'out'), { recursive: true, force: true });
      }
    });

    it('leaves a store that verifies after a verification was cut, and a journal that goes on', async () => {
      state = './disk/state';
      await timed('backup');
      await timed('verify', '--all');
      for (let round = 0; round < Math.ceil(rounds / 4); round += 1) {
        await cutDuring('verify', '--all');
        await expectAllReported();
      }
    });

    it('and fails under a command that goes on: the command ends by itself and says so', async () => {
      await real.change();
      const before = await sessions();
      const child = real.start(...stated('backup'));
      const answer = ended(child);
      // However busy the machine is: it has begun to write when the disk goes.
      while (child.exitCode === null && (await sessions()).every((name) => before.includes(name))) await sleep(5);
      disk.cutPower();
      const { exitCode, said } = await answer;
      disk.unmount();
      disk.mountAgain();
      expect([0, 4], said).toContain(exitCode);
      await expectAllReported();
    });
  });
}
