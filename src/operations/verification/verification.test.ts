import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { OpenWorkspace } from '../../app/index.ts';
import type { Store } from '../../stores/index.ts';
import { backup, listPoints, verify, type ReadingAsked } from '../index.ts';
import { backupDaily, withPolicy, type TurnedClock } from '../testing/aged.ts';
import { changed, damageFiles, packFiles } from '../testing/workspace.ts';

const dayMs = 86_400_000;
const policy =
  '{ every: daily, to: [near], keep: { daily: 30d, atLeast: 2 }, verify: { every: daily, youngerThan: 26h, readEverything: 3d } }';

const run = (workspace: OpenWorkspace, reading?: ReadingAsked) =>
  verify(workspace, { assets: ['docs'], everything: false, ...(reading === undefined ? {} : { reading }) });
const verdicts = async (workspace: OpenWorkspace, reading?: ReadingAsked): Promise<Record<string, string>> =>
  Object.fromEntries((await run(workspace, reading)).checks.map(({ check, verdict }) => [check, verdict]));
const verified = async (workspace: OpenWorkspace): Promise<(number | undefined)[]> =>
  (await listPoints(workspace, 'docs')).points.map(({ verifiedMs }) => verifiedMs);

/** Points whose packs are their own. */
async function freshPoints(workspace: OpenWorkspace, clock: TurnedClock, folder: string, days: number): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    await writeFile(join(folder, 'docs', 'a'), randomBytes(30_000));
    await backup(workspace, 'docs');
    clock.nowMs += dayMs;
  }
  clock.nowMs -= 3_600_000;
}

describe('what a policy asks of its points', () => {
  it('is judged after every reading: there, young, whole, opened, enough', async () => {
    await withPolicy(policy, async (workspace, clock) => {
      await backupDaily(workspace, clock, 2);
      const all = { exists: 'ok', checksum: 'ok', decrypts: 'ok', count: 'ok', age: 'ok', everything: 'ok' };
      expect(await verdicts(workspace)).toEqual(all);
      const { checks } = await run(workspace);
      expect(checks.find(({ check }) => check === 'age')?.words).toBe(
        'the newest sound point is 23 h old, 1 d 2 h are allowed',
      );
      clock.nowMs += 4 * 3_600_000;
      expect(await verdicts(workspace)).toEqual({ ...all, age: 'failed' });
    });
  });

  it('is unknown, and not ok, of what nobody has read; and failed where there is nothing', async () => {
    await withPolicy(policy, async (workspace, clock) => {
      expect(await verdicts(workspace)).toMatchObject({ exists: 'failed', age: 'failed', count: 'failed' });
      await backupDaily(workspace, clock, 1);
      expect(await verdicts(workspace, 'structure')).toMatchObject({
        exists: 'ok',
        checksum: 'unknown',
        decrypts: 'unknown',
        count: 'failed',
      });
      expect(await verified(workspace)).toEqual([undefined]);
    });
  });

  it('of the plan’s own list asks also whether one was ever restored', async () => {
    await withPolicy('{ to: [near], verify: { asks: [restores, exists] } }', async (workspace, clock) => {
      await backupDaily(workspace, clock, 1);
      expect(await verdicts(workspace)).toEqual({ restores: 'unknown', exists: 'ok' });
    });
  });

  it('is red while damage is known, and falls back from verified to damaged', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      await freshPoints(workspace, clock, folder, 2);
      await run(workspace);
      expect(await verified(workspace)).toEqual([clock.nowMs, clock.nowMs]);
      await damageFiles(await packFiles(join(folder, 'near')));
      expect(await verdicts(workspace)).toMatchObject({ checksum: 'failed', age: 'failed', count: 'failed' });
      expect(await verified(workspace)).toEqual([undefined, undefined]);
      // A reading of parts, with the damage still there, does not make it good again.
      await run(workspace, { share: 0.5 });
      expect(await verified(workspace)).toEqual([undefined, undefined]);
    });
  });
});

describe('a reading in parts', () => {
  it('reads every byte once in the time that the plan states, a part each day, and says since when each point has been read', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      await freshPoints(workspace, clock, folder, 6);
      const packs = (await packFiles(join(folder, 'near'))).length;
      const read: number[] = [];
      for (let day = 0; day < 9; day += 1) {
        const { results, failures } = await run(workspace, 'due');
        expect(failures).toEqual([]);
        read.push(results[0]?.checked.chunks ?? 0);
        clock.nowMs += dayMs;
      }
      expect(packs).toBeGreaterThanOrEqual(6);
      // Nobody had read anything: the first day all that is overdue, later about a third each day.
      for (const chunks of read.slice(1)) expect(chunks).toBeLessThan(read[0] as number);
      for (const since of await verified(workspace)) expect(clock.nowMs - (since ?? 0)).toBeLessThanOrEqual(4 * dayMs);
    });
  });

  it('goes on after it was stopped: nothing that was read is read again, and the points count as verified in the end', async () => {
    let left = Infinity;
    let gets: string[] = [];
    const wrap = (store: Store): Store =>
      changed(store, {
        get: async (name, options) => {
          if (name.startsWith('packs/')) {
            gets.push(name);
            if ((left -= 1) < 0) throw new LifeboatError('store.unreachable', 'no answer');
          }
          return store.get(name, options);
        },
      });
    await withPolicy(
      policy,
      async (workspace, clock, folder) => {
        await freshPoints(workspace, clock, folder, 8);
        gets = [];
        await run(workspace);
        await rm(join(folder, 'state-aged', 'verified.db'));
        const startedMs = (clock.nowMs += 1000);
        left = gets.length - 3;
        expect((await run(workspace)).failures).toHaveLength(1);
        left = Infinity;
        gets = [];
        clock.nowMs += 1000;
        const { results } = await run(workspace, 'rest');
        const resumed = results[0]?.checked.chunks ?? 0;
        const rest = new Set(gets).size;
        gets = [];
        clock.nowMs += 1000;
        const again = (await run(workspace, 'rest')).results[0]?.checked.chunks ?? 0;
        expect(resumed).toBeLessThan(again);
        expect(rest).toBeLessThanOrEqual(new Set(gets).size);
        for (const since of await verified(workspace)) expect(since).toBeGreaterThanOrEqual(startedMs);
      },
      wrap,
    );
  });

  it('reads everything again when its record is lost or is no record any more', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      await freshPoints(workspace, clock, folder, 3);
      const full = (await run(workspace, { share: 1 })).results[0]?.checked.chunks;
      expect((await run(workspace, 'due')).results[0]?.checked.chunks).toBeLessThan(full ?? 0);
      for (const how of ['gone', 'garbage']) {
        for (const part of ['', '-wal', '-shm'])
          await rm(join(folder, 'state-aged', `verified.db${part}`), { force: true });
        if (how === 'garbage') await writeFile(join(folder, 'state-aged', 'verified.db'), randomBytes(8192));
        expect((await run(workspace, 'due')).results[0]?.checked.chunks).toBe(full);
      }
    });
  });

  it('names damage in the packs that it reads, and compares the sizes of the others', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      await freshPoints(workspace, clock, folder, 4);
      const [first] = await packFiles(join(folder, 'near'));
      await rm(first as string);
      const { results } = await run(workspace, { bytes: 1 });
      expect(results[0]?.damage[0]?.points.length).toBeGreaterThan(0);
    });
  });
});
