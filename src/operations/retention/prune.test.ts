import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  backup,
  forget,
  listPoints,
  prune,
  rebuild,
  shipJournal,
  verify,
  type PruneRequest,
  type Workspace,
} from '../index.ts';
import { backupDaily, withPolicy } from '../testing/aged.ts';
import { damageFiles, packFiles, withWorkspace, withWorkspaceOf } from '../testing/workspace.ts';

const request: PruneRequest = { store: 'near', dryRun: false, keepPoints: false, evict: [], anyway: false };

const idsIn = async (workspace: Workspace): Promise<string[]> =>
  (await listPoints(workspace, 'docs')).points
    .filter(({ stores }) => stores.includes('near'))
    .map(({ point }) => point.id);

async function expectSound(workspace: Workspace): Promise<void> {
  const { results, failures } = await verify(workspace, { assets: [], everything: true });
  expect([results.flatMap(({ damage }) => damage), failures]).toEqual([[], []]);
}

/** Two points of content that has nothing in common, the second removed behind everybody's back. */
async function withLossyStore(
  bytes: number,
  work: (workspace: Workspace, folder: string, lost: string) => Promise<void>,
): Promise<void> {
  await withWorkspace(async (workspace, folder) => {
    await writeFile(join(folder, 'docs', 'a'), randomBytes(1000));
    await backup(workspace, 'docs');
    await writeFile(join(folder, 'docs', 'a'), randomBytes(bytes));
    const taken = await backup(workspace, 'docs');
    const lost = taken.find(({ store }) => store === 'near')?.point.id as string;
    await rm(join(folder, 'near', 'points', lost));
    await work(workspace, folder, lost);
  });
}

describe('a prune', () => {
  it('lets go of what the policy does not keep, brings its space back, and records both', async () => {
    await withPolicy('{ to: [near], keep: { daily: 3d } }', async (workspace, clock, folder) => {
      const ids: string[] = [];
      for (let day = 0; day < 7; day += 1) {
        await writeFile(join(folder, 'docs', 'changing'), randomBytes(1000));
        ids.push(...(await backupDaily(workspace, clock, 1)));
      }
      const packs = await packFiles(join(folder, 'near'));
      const dry = await prune(workspace, { ...request, dryRun: true });
      expect(dry.retention?.decisions.filter(({ keep }) => !keep).map(({ point }) => point.id)).toEqual(
        ids.slice(0, 4),
      );
      expect(dry.result.points).toBe(3);
      expect(await packFiles(join(folder, 'near'))).toEqual(packs);
      expect(await idsIn(workspace)).toEqual(ids);
      const { result, explanation } = await prune(workspace, request);
      expect(await idsIn(workspace)).toEqual(ids.slice(4));
      expect(result.deleted.packs).toBeGreaterThan(0);
      expect(explanation).toMatchObject({ vanished: [], known: 7 });
      await expectSound(workspace);
      const kinds = workspace.journal.records({ kinds: ['prune.*'] }).map(({ kind }) => kind);
      expect(kinds).toEqual(['prune.started', 'prune.finished']);
      expect((await prune(workspace, request)).result.deleted.packs).toBe(0);
    });
  });

  it('lets no point go when it is told to keep them', async () => {
    await withPolicy('{ to: [near], keep: { daily: 3d } }', async (workspace, clock) => {
      const ids = await backupDaily(workspace, clock, 5);
      await prune(workspace, { ...request, keepPoints: true });
      expect(await idsIn(workspace)).toEqual(ids);
    });
  });

  it('deletes nothing where points are gone without a word, until somebody says yes, and asks once', async () => {
    await withWorkspace(async (workspace, folder) => {
      for (let i = 0; i < 4; i += 1) {
        await writeFile(join(folder, 'docs', 'a'), randomBytes(1000));
        await backup(workspace, 'docs');
      }
      const ids = await idsIn(workspace);
      for (const id of ids.slice(0, 2)) await rm(join(folder, 'near', 'points', id));
      const packs = await packFiles(join(folder, 'near'));
      await expect(prune(workspace, request)).rejects.toMatchObject({
        code: 'prune.unexplained',
        message: '2 of 4 points are gone from near, and no record says who gave them up; nothing was deleted',
      });
      expect(await packFiles(join(folder, 'near'))).toEqual(packs);
      const { explanation } = await prune(workspace, { ...request, anyway: true });
      expect(explanation.vanished.toSorted()).toEqual(ids.slice(0, 2).toSorted());
      await prune(workspace, request);
      await expectSound(workspace);
    });
  });

  it('asks before it deletes much more than records explain, and not when they do', async () => {
    await withLossyStore(17 * 2 ** 20, async (workspace, folder, lost) => {
      const packs = await packFiles(join(folder, 'near'));
      await expect(prune(workspace, request)).rejects.toMatchObject({ code: 'prune.unexplained' });
      expect(await packFiles(join(folder, 'near'))).toEqual(packs);
      // As the record of a forget that another process made.
      workspace.journal.append('forget.started', { point: lost, stores: ['near'] });
      expect((await prune(workspace, request)).result.deleted.bytes).toBeGreaterThan(16 * 2 ** 20);
    });
  });

  it('knows from the journals of other machines in the store which points should be there, and which were given up', async () => {
    await withWorkspace(async (workspace, folder) => {
      for (let i = 0; i < 4; i += 1) {
        await writeFile(join(folder, 'docs', 'a'), randomBytes(1000));
        await backup(workspace, 'docs');
      }
      const ids = await idsIn(workspace);
      await shipJournal(workspace, ['near']);
      for (const id of ids.slice(0, 2)) await rm(join(folder, 'near', 'points', id));
      // A machine that only prunes: its own journal is empty.
      await rename(join(folder, 'state'), join(folder, 'state-of-the-writer'));
      await withWorkspaceOf(folder, async (pruner) => {
        const told = '2 of 4 points are gone from near, and no record says who gave them up; nothing was deleted';
        await expect(prune(pruner, request)).rejects.toMatchObject({ code: 'prune.unexplained', message: told });
      });
      await rename(join(folder, 'state'), join(folder, 'state-of-the-pruner'));
      await rename(join(folder, 'state-of-the-writer'), join(folder, 'state'));
      for (const id of ids.slice(0, 2)) workspace.journal.append('forget.started', { point: id, stores: ['near'] });
      await shipJournal(workspace, ['near']);
      await rename(join(folder, 'state'), join(folder, 'state-of-the-writer'));
      await rename(join(folder, 'state-of-the-pruner'), join(folder, 'state'));
      await withWorkspaceOf(folder, async (pruner) => {
        const { explanation } = await prune(pruner, request);
        expect(explanation).toMatchObject({ vanished: [], known: 2 });
        // Remembered from the store as well, it is told twice and counts once.
        await rebuild(pruner, ['near']);
        const again = await prune(pruner, { ...request, dryRun: true });
        expect(again.explanation).toEqual({ ...explanation, explainedBytes: expect.any(Number) });
        expect(again.explanation.explainedBytes).toBeLessThanOrEqual(explanation.explainedBytes);
        await expectSound(pruner);
      });
    });
  });

  it('lets no point go while one cannot be read, for nothing could be deleted', async () => {
    await withPolicy('{ to: [near], keep: { daily: 3d } }', async (workspace, clock, folder) => {
      const ids = await backupDaily(workspace, clock, 6);
      await damageFiles([join(folder, 'near', 'points', ids[5] as string)]);
      await expect(prune(workspace, request)).rejects.toMatchObject({ code: 'prune.blind' });
      expect((await idsIn(workspace)).length).toBe(5);
      await forget(workspace, { point: ids[5] as string, anyway: true });
      await prune(workspace, request);
      await expectSound(workspace);
    });
  });
});
