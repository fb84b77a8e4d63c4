import { describe, expect, it } from 'vitest';
import { LifeboatError, timeId } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { backup, forget, listHolds, placeHold, planForget, releaseHold } from '../index.ts';
import { changed, damageFiles, withWorkspace } from '../testing/workspace.ts';

const why = { kind: 'manual', reason: 'before the migration', by: 'kim' } as const;

describe('a hold', () => {
  it('stands in every store that has the point, keeps it from being forgotten, and is released everywhere', async () => {
    await withWorkspace(async (workspace) => {
      await backup(workspace, 'docs');
      const [near] = (await backup(workspace, 'docs')).map(({ point }) => point.id) as [string];
      const { hold, stores } = await placeHold(workspace, { ...why, point: near });
      expect(stores).toEqual(['near']);
      await expect(forget(workspace, { point: near, anyway: false })).rejects.toMatchObject({
        code: 'point.needed',
        message: expect.stringContaining('by kim: before the migration'),
      });
      expect((await releaseHold(workspace, hold.id, { anyway: false })).stores).toEqual(['near']);
      expect((await planForget(workspace, { point: near, anyway: false })).reasons).toEqual([]);
      // Again: nothing is left to do, and nothing is recorded twice.
      expect(await releaseHold(workspace, hold.id, { anyway: false })).toMatchObject({ stores: [], failures: [] });
      const kinds = workspace.journal.records({ kinds: ['hold.*', 'release.*'] }).map(({ kind }) => kind);
      expect(kinds).toEqual(['hold.started', 'hold.finished', 'release.started', 'release.finished']);
    });
  });

  it('on an asset stands in each of its stores under one id, and holds later points too', async () => {
    await withWorkspace(async (workspace) => {
      const { stores } = await placeHold(workspace, { ...why, asset: 'docs' });
      expect(stores).toEqual(['near', 'far']);
      const later = (await backup(workspace, 'docs')).map(({ point }) => point.id);
      expect((await listHolds(workspace)).holds).toMatchObject([{ stores: ['near', 'far'] }]);
      for (const point of later)
        expect((await planForget(workspace, { point, anyway: false })).reasons[0]).toContain('kept by the hold');
    });
  });

  it('whose removal was done and never answered is released by the same call again', async () => {
    let silent = false;
    const wrap = (store: Store): Store =>
      changed(store, {
        remove: async (name) => {
          await store.remove(name);
          if (silent) throw new LifeboatError('store.unreachable', 'the reply was lost');
        },
      });
    await withWorkspace(async (workspace) => {
      const { hold } = await placeHold(workspace, { ...why, asset: 'docs' });
      silent = true;
      const once = releaseHold(workspace, hold.id, { anyway: false });
      await expect(once).rejects.toMatchObject({ code: 'store.unreachable' });
      silent = false;
      expect(await releaseHold(workspace, hold.id, { anyway: false })).toMatchObject({ stores: [], failures: [] });
      expect((await listHolds(workspace)).holds).toEqual([]);
    }, wrap);
  });

  it('for a court goes before its end only when that is said', async () => {
    await withWorkspace(async (workspace) => {
      const legal = await placeHold(workspace, { ...why, kind: 'legal', asset: 'docs' });
      await expect(releaseHold(workspace, legal.hold.id, { anyway: false })).rejects.toMatchObject({
        code: 'hold.legal',
        message: expect.stringContaining('before the migration'),
      });
      expect((await releaseHold(workspace, legal.hold.id, { anyway: true })).stores).toEqual(['near', 'far']);
    });
  });

  it('that cannot be read keeps every point of its store, until it is released knowingly', async () => {
    await withWorkspace(async (workspace, folder) => {
      const [near] = (await backup(workspace, 'docs')).map(({ point }) => point.id) as [string];
      await backup(workspace, 'docs');
      const { hold } = await placeHold(workspace, { ...why, asset: 'mail' });
      await damageFiles([`${folder}/near/holds/${hold.id}`]);
      await expect(forget(workspace, { point: near, anyway: false })).rejects.toMatchObject({ code: 'point.needed' });
      expect((await listHolds(workspace)).damage).toMatchObject([{ store: 'near', kind: 'hold' }]);
      await releaseHold(workspace, hold.id, { anyway: false });
      await forget(workspace, { point: near, anyway: false });
    });
  });

  it('names a point, asset or hold that is not there, and never takes silence for absence', async () => {
    let away = false;
    const wrap = (store: Store): Store =>
      changed(store, {
        list: (prefix) => {
          if (away && store.location.endsWith('far')) throw new LifeboatError('store.unreachable', 'no answer');
          return store.list(prefix);
        },
        put: (name, ...rest) => {
          if (away && store.location.endsWith('far')) throw new LifeboatError('store.unreachable', 'no answer');
          return store.put(name, ...rest);
        },
      });
    await withWorkspace(async (workspace) => {
      const unknown = timeId(1);
      await expect(placeHold(workspace, { ...why, point: unknown })).rejects.toMatchObject({ code: 'point.missing' });
      await expect(placeHold(workspace, { ...why, asset: 'moon' })).rejects.toMatchObject({
        code: 'plan.unknown_name',
      });
      await expect(releaseHold(workspace, unknown, { anyway: true })).rejects.toMatchObject({ code: 'hold.missing' });
      away = true;
      await expect(placeHold(workspace, { ...why, point: unknown })).rejects.toMatchObject({
        code: 'store.unreachable',
      });
      await expect(releaseHold(workspace, unknown, { anyway: true })).rejects.toMatchObject({
        code: 'store.unreachable',
      });
      const { stores, failures } = await placeHold(workspace, { ...why, asset: 'docs' });
      expect([stores, failures.map(({ store }) => store)]).toEqual([['near'], ['far']]);
    }, wrap);
  });
});
