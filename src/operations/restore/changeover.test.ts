import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../stores/index.ts';
import { backupEverywhere, copyPoints, restore, type RestoreReport } from '../index.ts';
import { withCopies } from '../testing/copies.ts';
import { changed, damageFiles, packFiles, withWorkspaceOf } from '../testing/workspace.ts';

const files = new Map(Array.from({ length: 24 }, (_, n) => [`f${n}`, randomBytes(1_000_000)]));

/** A point of several packs in `near`, copied to `far`. */
async function withPoint(work: (folder: string) => Promise<void>): Promise<void> {
  await withCopies(async (workspace, folder) => {
    for (const [name, bytes] of files) await writeFile(join(folder, 'docs', name), bytes);
    const { reports } = await backupEverywhere(workspace, 'docs');
    expect((await copyPoints(workspace, reports)).failures).toEqual([]);
    await work(folder);
  });
}

async function restored(folder: string, wrapStore?: (store: Store) => Store): Promise<RestoreReport> {
  let report: RestoreReport | undefined;
  const target = join(folder, 'out');
  await withWorkspaceOf(
    folder,
    async (workspace) => {
      report = await restore(workspace, { asset: 'docs', target, start: false, stay: false });
      const kept = workspace.journal.records({ kinds: ['restore.finished'] }).at(-1);
      expect(kept?.data['changeovers']).toEqual(report.changeovers);
    },
    wrapStore,
  );
  for (const [name, bytes] of files) expect((await readFile(join(target, name))).equals(bytes)).toBe(true);
  return report as RestoreReport;
}

describe('a restore', () => {
  it('goes on from another store when the first one dies in the middle, and says so', async () => {
    await withPoint(async (folder) => {
      let packs = 0;
      const report = await restored(folder, (store) =>
        changed(store, {
          get: async (name, options) => {
            if (name.startsWith('packs/') && store.location.endsWith('/near') && (packs += 1) === 2)
              await rename(join(folder, 'near'), join(folder, 'gone'));
            return store.get(name, options);
          },
        }),
      );
      expect(packs).toBeGreaterThan(1);
      expect(report.plan).toMatchObject({ store: 'near', others: ['far'] });
      expect(report.changeovers).toMatchObject([{ from: 'near', to: 'far', object: undefined }]);
    });
  });

  it('reads what is damaged or missing in one store from another that has it whole, and names each', async () => {
    await withPoint(async (folder) => {
      const [first, second] = await packFiles(join(folder, 'near'));
      await damageFiles([first as string]);
      await rm(second as string);
      const report = await restored(folder);
      const names = [first, second].map((path) => path?.slice(join(folder, 'near').length + 1));
      expect(report.changeovers.map(({ object }) => object).toSorted()).toEqual(names.toSorted());
    });
  });

  it('comes back from two stores of which neither is whole', async () => {
    await withPoint(async (folder) => {
      const near = await packFiles(join(folder, 'near'));
      const far = await packFiles(join(folder, 'far'));
      await damageFiles([near[0] as string]);
      const other = near[1]?.slice(join(folder, 'near').length) as string;
      await damageFiles(far.filter((path) => path.endsWith(other)));
      expect((await restored(folder)).changeovers).toHaveLength(1);
    });
  });

  it('keeps to the stores that were not lost, where there is a choice', async () => {
    await withPoint(async (folder) => {
      await withWorkspaceOf(folder, async (workspace) => {
        const request = { asset: 'docs', target: join(folder, 'out'), start: false, stay: false, avoid: ['near'] };
        expect((await restore(workspace, request)).plan).toMatchObject({ store: 'far', others: ['near'] });
      });
    });
  });
});
