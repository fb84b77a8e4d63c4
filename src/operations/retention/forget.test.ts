import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LifeboatError, timeId } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { backup, forget, listPoints, planForget, restore, verify, type Workspace } from '../index.ts';
import { changed, damageFiles, packFiles, withWorkspace } from '../testing/workspace.ts';

async function idsIn(workspace: Workspace, store: string): Promise<string[]> {
  const { points } = await listPoints(workspace, 'docs');
  return points.filter(({ stores }) => stores.includes(store)).map(({ point }) => point.id);
}

const take = async (workspace: Workspace): Promise<string> => (await backup(workspace, 'docs'))[0]?.point.id as string;
const kinds = ({ journal }: Workspace): string[] =>
  journal.records({ kinds: ['forget.*'] }).map(({ kind }) => kind.slice('forget.'.length));

describe('forgetting a point', () => {
  it('takes it alone out of the list, with a record, and leaves the data to a prune', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'one');
      const first = await take(workspace);
      const second = await take(workspace);
      const packs = await packFiles(join(folder, 'near'));
      const report = await forget(workspace, { point: first, anyway: false });
      expect(report).toMatchObject({ asset: 'docs', stores: ['near'], forgotten: ['near'], reasons: [] });
      expect(await idsIn(workspace, 'near')).toEqual([second]);
      expect(await packFiles(join(folder, 'near'))).toEqual(packs);
      expect(kinds(workspace)).toEqual(['started', 'finished']);
      await restore(workspace, { asset: 'docs', target: join(folder, 'b'), point: second, start: false, stay: false });
      expect(await forget(workspace, { point: first, anyway: false })).toMatchObject({ stores: [], forgotten: [] });
      expect(kinds(workspace)).toEqual(['started', 'finished']);
    });
  });

  it('refuses the last point of an asset unless it is told, and then records why it was kept', async () => {
    await withWorkspace(async (workspace) => {
      await backup(workspace, 'mail');
      const reports = await backup(workspace, 'docs');
      const [near, far] = reports.map(({ point }) => point.id) as [string, string];
      await forget(workspace, { point: far, anyway: false });
      await expect(forget(workspace, { point: near, anyway: false })).rejects.toMatchObject({
        code: 'point.needed',
        message: expect.stringContaining('the last recovery point of docs'),
      });
      expect(await idsIn(workspace, 'near')).toEqual([near]);
      expect(kinds(workspace)).toEqual(['started', 'finished']);
      const { reasons } = await forget(workspace, { point: near, anyway: true });
      expect(reasons).toHaveLength(1);
      expect(await idsIn(workspace, 'near')).toEqual([]);
    });
  });

  it('refuses the last that is whole, and the only one that was ever proven', async () => {
    await withWorkspace(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'one');
      const [near, far] = (await backup(workspace, 'docs')).map(({ point }) => point.id) as [string, string];
      await restore(workspace, { asset: 'docs', target: join(folder, 'b'), point: near, start: false, stay: false });
      const proven = await planForget(workspace, { point: near, anyway: false });
      expect(proven.reasons).toEqual([expect.stringContaining('ever restored with all checks green')]);
      expect((await planForget(workspace, { point: far, anyway: false })).reasons).toEqual([]);
      await damageFiles(await packFiles(join(folder, 'near')));
      await verify(workspace, { assets: [], everything: false });
      const whole = await planForget(workspace, { point: far, anyway: false });
      expect(whole.reasons).toEqual([expect.stringContaining('found damaged')]);
    });
  });

  it('of a point that cannot be read asks for more, and can be done', async () => {
    await withWorkspace(async (workspace, folder) => {
      const [near] = (await backup(workspace, 'docs')).map(({ point }) => point.id) as [string];
      await damageFiles([join(folder, 'near', 'points', near)]);
      await expect(forget(workspace, { point: near, anyway: false })).rejects.toMatchObject({ code: 'point.needed' });
      await forget(workspace, { point: near, anyway: true });
      expect((await listPoints(workspace, 'docs')).damage).toEqual([]);
    });
  });

  it('names an unknown point or store, and never takes silence for absence', async () => {
    let away = false;
    const wrap = (store: Store): Store =>
      changed(store, {
        list: (prefix) => {
          if (away && store.location.endsWith('far')) throw new LifeboatError('store.unreachable', 'no answer');
          return store.list(prefix);
        },
      });
    await withWorkspace(async (workspace) => {
      await backup(workspace, 'docs');
      const unknown = { point: timeId(0), anyway: false };
      await expect(forget(workspace, unknown)).rejects.toMatchObject({ code: 'point.missing' });
      const noStore = { ...unknown, store: 'moon' };
      await expect(forget(workspace, noStore)).rejects.toMatchObject({ code: 'plan.unknown_name' });
      away = true;
      await expect(forget(workspace, unknown)).rejects.toMatchObject({ code: 'store.unreachable' });
    }, wrap);
  });

  it('in a store that keeps the point all the same fails and says so', async () => {
    const wrap = (store: Store): Store =>
      changed(store, {
        remove: async (name) => {
          if (!name.startsWith('points/')) await store.remove(name);
        },
      });
    await withWorkspace(async (workspace) => {
      const first = await take(workspace);
      await take(workspace);
      await expect(forget(workspace, { point: first, anyway: false })).rejects.toMatchObject({ code: 'store.denied' });
      expect(kinds(workspace)).toEqual(['started', 'failed']);
      expect(await idsIn(workspace, 'near')).toContain(first);
    }, wrap);
  });
});
