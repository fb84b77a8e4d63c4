import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OpenWorkspace } from '../app/index.ts';
import { backup, forget, planRestore } from './index.ts';
import { withWorkspace, withWorkspaceOf } from './testing/workspace.ts';
import type { BackupReport, RestoreRequest } from './index.ts';

const to = (folder: string, more: Partial<RestoreRequest> = {}): RestoreRequest => ({
  asset: 'docs',
  target: join(folder, 'out'),
  start: false,
  stay: false,
  ...more,
});

/** The points of one backup, by the store they are in. */
async function taken(
  workspace: OpenWorkspace,
  folder: string,
  words: string,
): Promise<Map<string, BackupReport['point']>> {
  await writeFile(join(folder, 'docs', 'a'), words);
  return new Map((await backup(workspace, 'docs')).map(({ store, point }) => [store, point]));
}

const hide = (folder: string, points: ReadonlyMap<string, { id: string }>): Promise<unknown> =>
  Promise.all([...points].map(([store, { id }]) => rm(join(folder, store, 'points', id))));

describe('a point that its store does not show any more', () => {
  it('is missed by the machine that made it: an older one is never restored in silence', async () => {
    await withWorkspace(async (workspace, folder) => {
      const old = await taken(workspace, folder, 'old');
      const hidden = await taken(workspace, folder, 'new');
      await hide(folder, hidden);
      await expect(planRestore(workspace, to(folder))).rejects.toMatchObject({
        code: 'point.uncertain',
        hint: expect.stringContaining(`--point ${old.get('far')?.id}`),
      });
      await expect(planRestore(workspace, to(folder, { store: 'near' }))).rejects.toMatchObject({
        code: 'point.uncertain',
        where: 'near',
        message: expect.stringContaining(hidden.get('near')?.id as string),
      });
    });
  });

  it('is no matter where the older one is named, or a moment before is asked for', async () => {
    await withWorkspace(async (workspace, folder) => {
      const old = (await taken(workspace, folder, 'old')).get('near');
      const hidden = await taken(workspace, folder, 'new');
      await hide(folder, hidden);
      const atMs = (old?.atMs ?? 0) + 1;
      for (const more of [{ point: old?.id ?? '' }, { store: 'near', atMs }]) {
        expect((await planRestore(workspace, to(folder, more))).point.id).toBe(old?.id);
      }
    });
  });

  it('is not missed once there is a newer one, or where another store shows one as new', async () => {
    await withWorkspace(async (workspace, folder) => {
      const both = await taken(workspace, folder, 'one');
      await rm(join(folder, 'near', 'points', both.get('near')?.id as string));
      expect((await planRestore(workspace, to(folder))).point.id).toBe(both.get('far')?.id);
      await hide(folder, new Map([['far', both.get('far') as { id: string }]]));
      const newer = await taken(workspace, folder, 'two');
      expect((await planRestore(workspace, to(folder))).point.id).toBe(newer.get('far')?.id);
    });
  });

  it('is not missed after it was forgotten on purpose', async () => {
    await withWorkspace(async (workspace, folder) => {
      const old = await taken(workspace, folder, 'old');
      for (const { id } of (await taken(workspace, folder, 'new')).values()) {
        await forget(workspace, { point: id, anyway: false });
      }
      expect((await planRestore(workspace, to(folder))).point.id).toBe(old.get('far')?.id);
    });
  });

  it('is not missed while its store does not answer: that is said beside the choice', async () => {
    await withWorkspace(async (workspace, folder) => {
      const old = await taken(workspace, folder, 'old');
      await hide(folder, new Map([['near', old.get('near') as { id: string }]]));
      await taken(workspace, folder, 'new');
      await rm(join(folder, 'far'), { recursive: true });
      await withWorkspaceOf(folder, async (later) => {
        const plan = await planRestore(later, to(folder));
        expect(plan.store).toBe('near');
        expect(plan.unanswered).toMatchObject([{ store: 'far' }]);
      });
    });
  });
});
