import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openWorkspace } from '../app/index.ts';
import { silentProgress, systemClock, type Clock } from '../core/index.ts';
import { backup, listPoints, planRestore, restore, verify } from './index.ts';
import { withWorkspace } from './testing/workspace.ts';
import type { RestoreRequest } from './index.ts';

const dayMs = 86_400_000;
/** A clock that is wrong by so much. */
const wrongBy = (ms: number): Clock => ({
  now: () => systemClock.now() + ms,
  elapsed: () => systemClock.elapsed(),
  sleep: (waitMs, signal) => systemClock.sleep(waitMs, signal),
});
const to = (target: string, more: Partial<RestoreRequest> = {}): RestoreRequest => ({
  asset: 'docs',
  store: 'near',
  target,
  start: false,
  stay: false,
  ...more,
});
/** A backup on a machine whose clock is wrong by so much; the point in the store `near`. */
async function backupWrongBy(ms: number, folder: string): Promise<string> {
  const workspace = await openWorkspace({
    planFile: join(folder, 'lifeboat.yaml'),
    stateFolder: join(folder, 'state'),
    progress: silentProgress,
    clock: wrongBy(ms),
  });
  try {
    return (await backup(workspace, 'docs')).find(({ store }) => store === 'near')?.point.id as string;
  } finally {
    await workspace.close();
  }
}

describe('a clock that lies', () => {
  it('backwards or forwards while a backup is made: each point verifies and restores by its name', async () => {
    await withWorkspace(async (workspace, folder) => {
      for (const wrongMs of [-800 * dayMs, -60_000, 60_000, 7_000 * dayMs]) {
        await writeFile(join(folder, 'docs', 'a'), String(wrongMs));
        const point = await backupWrongBy(wrongMs, folder);
        await restore(workspace, to(join(folder, `out${wrongMs}`), { point }));
      }
      const { results, failures } = await verify(workspace, { assets: [], everything: true });
      expect(failures).toEqual([]);
      expect(results.map(({ ok }) => ok)).toEqual([true, true]);
      expect((await listPoints(workspace, 'docs')).points).toHaveLength(8);
    });
  });

  it('never makes an older state come back in silence because a point says that it is of the future', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'old');
      const lying = await backupWrongBy(30 * dayMs, folder);
      await writeFile(join(folder, 'docs', 'a'), 'new');
      const honest = await backupWrongBy(0, folder);
      const now = systemClock.now();
      for (const more of [{}, { atMs: now }, { atMs: now + 60 * dayMs }]) {
        await expect(planRestore(workspace, to(join(folder, 'out'), more))).rejects.toMatchObject({
          code: 'point.uncertain',
          where: lying,
          hint: expect.stringContaining(`--point ${honest}`),
        });
      }
      const { point } = await planRestore(workspace, to(join(folder, 'out'), { point: honest }));
      expect(point.id).toBe(honest);
    });
  });

  it('is no matter where an earlier moment is asked for, or where clocks differ by minutes', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'x');
      const old = await backupWrongBy(-dayMs, folder);
      const ahead = await backupWrongBy(300_000, folder);
      expect((await planRestore(workspace, to(join(folder, 'out')))).point.id).toBe(ahead);
      await backupWrongBy(dayMs, folder);
      const atMs = systemClock.now() - dayMs / 2;
      expect((await planRestore(workspace, to(join(folder, 'out'), { atMs }))).point.id).toBe(old);
    });
  });
});
