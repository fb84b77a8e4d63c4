import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { initStore } from '../../app/index.ts';
import { systemClock } from '../../core/index.ts';
import { backupEverywhere, copyPoints, forget, listPoints, replicate, restore, storesOf, verify } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { damageFiles, packFiles } from '../testing/workspace.ts';

const request = { asset: 'docs', start: false, stay: false };

describe('copies of a policy', () => {
  it('follow a backup at once, are told of with the time since, and stand in when the first store is gone', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), 'words');
      const { reports } = await backupEverywhere(workspace, 'docs');
      const { copies, failures } = await copyPoints(workspace, reports);
      const id = reports[0]?.point.id as string;
      expect(failures).toEqual([]);
      expect(copies).toMatchObject([{ from: 'near', to: 'far', points: [id] }]);
      const [listed] = (await listPoints(workspace, 'docs')).points;
      expect(listed?.stores).toEqual(['near', 'far']);
      expect(listed?.since['far']).toBeGreaterThanOrEqual(listed?.since['near'] as number);
      await rm(join(folder, 'near'), { recursive: true });
      const done = await restore(workspace, { ...request, target: join(folder, 'out') });
      expect(done.plan).toMatchObject({ store: 'far', unanswered: [{ store: 'near' }] });
      expect(await readFile(join(folder, 'out', 'a'), 'utf8')).toBe('words');
    });
  });

  it('that fail take nothing from the point, and are made up for by the next', async () => {
    await withCopies(async (workspace, folder) => {
      await rm(join(folder, 'far'), { recursive: true });
      const { reports, failures } = await backupEverywhere(workspace, 'docs');
      expect(failures).toEqual([]);
      const copied = await copyPoints(workspace, reports);
      expect(copied).toMatchObject({ copies: [], failures: [{ code: 'store.unreachable' }] });
      expect(workspace.journal.records({ kinds: ['copy.*'] }).map(({ kind }) => kind)).toEqual([
        'copy.started',
        'copy.failed',
      ]);
      expect((await listPoints(workspace, 'docs')).points).toMatchObject([{ stores: ['near'] }]);
    });
  });

  it('do not bring back what was forgotten in the copy, and leave alone what was forgotten in the first store', async () => {
    await withCopies(async (workspace) => {
      const taken = [];
      for (let n = 0; n < 3; n += 1) {
        const { reports } = await backupEverywhere(workspace, 'docs');
        await copyPoints(workspace, reports);
        taken.push(reports[0]?.point.id as string);
      }
      const [first, second, third] = taken as [string, string, string];
      await forget(workspace, { point: first, store: 'far', anyway: true });
      await forget(workspace, { point: second, store: 'near', anyway: true });
      expect(await replicate(workspace, { from: 'near', to: 'far' })).toMatchObject({ points: [] });
      const stores = new Map((await listPoints(workspace, 'docs')).points.map((item) => [item.point.id, item.stores]));
      expect(stores).toEqual(
        new Map([
          [first, ['near']],
          [second, ['far']],
          [third, ['near', 'far']],
        ]),
      );
    });
  });

  it('of log that a verification found damaged are written anew, though they have the right size', async () => {
    await withCopies(async (workspace, folder) => {
      const log = (await workspace.repository('near')).log('docs', 'its source');
      await log.append({ timeline: 1, start: 0n, end: 3n }, Buffer.from('abc'), {});
      await replicate(workspace, { from: 'near', to: 'far' });
      const files = await readdir(join(folder, 'far', 'logs'), { recursive: true });
      await damageFiles([join(folder, 'far', 'logs', files.find((name) => name.includes('-')) as string)]);
      const isWhole = async (): Promise<boolean> => {
        const { results } = await verify(workspace, { assets: [], everything: false });
        return results.every(({ ok }) => ok);
      };
      expect(await isWhole()).toBe(false);
      expect((await replicate(workspace, { from: 'near', to: 'far' })).mended).toHaveLength(1);
      expect(await isWhole()).toBe(true);
    });
  });

  it('keep only those points waiting that need a damaged pack', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), Buffer.alloc(100_000, 'one'));
      const first = (await backupEverywhere(workspace, 'docs')).reports[0]?.point.id as string;
      const before = new Set(await packFiles(join(folder, 'near')));
      await writeFile(join(folder, 'docs', 'b'), Buffer.alloc(100_000, 'two'));
      const second = (await backupEverywhere(workspace, 'docs')).reports[0]?.point.id as string;
      await damageFiles((await packFiles(join(folder, 'near'))).filter((path) => !before.has(path)));
      const done = await replicate(workspace, { from: 'near', to: 'far' });
      expect(done).toMatchObject({ points: [first], waiting: [{ point: second }], damage: [{ kind: 'pack' }] });
    });
  });

  it('come at once where a prune of the copy has condemned what they need and cannot delete it yet', async () => {
    await withCopies(async (workspace, folder) => {
      await writeFile(join(folder, 'docs', 'a'), Buffer.alloc(100_000, 'the same words in each point'));
      const first = (await backupEverywhere(workspace, 'docs')).reports[0]?.point.id as string;
      await replicate(workspace, { from: 'near', to: 'far' });
      const far = await workspace.repository('far');
      // It is older than the condemnation and may count on what is condemned: nothing is deleted before it ends.
      const { clock, host } = workspace;
      const writer = await far.write({ asset: 'docs', assetType: 'files', clock, host });
      await forget(workspace, { point: first, store: 'far', anyway: true });
      const { waiting } = await far.prune({ clock, host, dryRun: false });
      expect(waiting.packs).toBeGreaterThan(0);
      const second = (await backupEverywhere(workspace, 'docs')).reports[0]?.point.id as string;
      expect(await replicate(workspace, { from: 'near', to: 'far' })).toMatchObject({ points: [second], waiting: [] });
      await writer.abandon();
      await far.prune({ clock, host, dryRun: false });
      await rm(join(folder, 'near'), { recursive: true });
      await restore(workspace, { ...request, target: join(folder, 'out') });
      expect((await readFile(join(folder, 'out', 'a'))).length).toBe(100_000);
    });
  });

  it('are no stores that points are taken in, and share the repository of the first', async () => {
    await withCopies(async ({ plan, ...workspace }, folder) => {
      expect(storesOf(plan, 'docs')).toEqual(['near']);
      const header = async (store: string): Promise<string> => readFile(join(folder, store, 'repository'), 'utf8');
      expect(await header('far')).toBe(await header('near'));
      await expect(initStore(plan, 'far', systemClock)).rejects.toMatchObject({ code: 'repository.exists' });
      await expect(replicate({ plan, ...workspace }, { from: 'near', to: 'other' })).rejects.toMatchObject({
        code: 'repository.foreign',
      });
    });
  });
});
