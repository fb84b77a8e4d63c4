import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { joinRepository } from '../../repository/index.ts';
import { openFsStore } from '../../stores/fs/index.ts';
import type { Store } from '../../stores/index.ts';
import { FreezingStore } from '../../stores/testing/freezing.ts';
import {
  backup,
  coldIn,
  listPoints,
  placeHold,
  planRestore,
  prune,
  replicate,
  restore,
  thawPoint,
  tierSentences,
  verify,
} from '../index.ts';
import type { PruneReport, PruneRequest, Workspace } from '../index.ts';
import { TurnedClock, withPolicy } from '../testing/aged.ts';
import { changed, packFiles } from '../testing/workspace.ts';

const day = 86_400_000;
const request = (over: Partial<PruneRequest> = {}): PruneRequest => ({
  store: 'near',
  dryRun: false,
  keepPoints: false,
  evict: [],
  anyway: false,
  ...over,
});

/** Stores that freeze, each with one state for all who open it. */
function freezing(): { wrap: (store: Store) => Store; of: Map<string, FreezingStore> } {
  const of = new Map<string, FreezingStore>();
  return {
    of,
    wrap: (store) => {
      const frozen = new FreezingStore(store, of.get(store.location));
      of.set(store.location, frozen);
      return frozen;
    },
  };
}

async function pointOf(workspace: Workspace, folder: string, name: string): Promise<{ id: string; bytes: Buffer }> {
  const bytes = randomBytes(400_000);
  await rm(join(folder, 'docs'), { recursive: true, force: true });
  await mkdir(join(folder, 'docs'));
  await writeFile(join(folder, 'docs', name), bytes);
  const [report] = await backup(workspace, 'docs');
  return { id: report?.point.id ?? '', bytes };
}

/** One prune a day, as the schedule runs it. */
async function pruneDaily(workspace: Workspace, clock: TurnedClock, days: number): Promise<PruneReport> {
  for (let n = 1; n < days; n += 1) {
    await prune(workspace, request());
    clock.nowMs += day;
  }
  return prune(workspace, request());
}

const glacier = '{ to: [near], keep: { daily: 60d, tiers: [{ after: 30d, class: glacier, for: 90d }] } }';

describe('a tier of a policy with a class', () => {
  it('freezes what only old points need, and a restore says what must thaw, asks for it, and waits', async () => {
    const { wrap, of } = freezing();
    await withPolicy(
      glacier,
      async (workspace, clock, folder) => {
        const old = await pointOf(workspace, folder, 'old');
        clock.nowMs += 40 * day;
        const young = await pointOf(workspace, folder, 'young');
        const dry = await prune(workspace, request({ dryRun: true }));
        expect(tierSentences(dry.tiers ?? never(), true).join('\n')).toMatch(/would be written anew apart/);
        const report = await pruneDaily(workspace, clock, 4);
        expect(tierSentences(report.tiers ?? never(), false).join('\n')).toMatch(/in 1 pack lie in the class glacier/);

        const cold = await coldIn(workspace, await listPoints(workspace, 'docs'));
        expect(cold.get(old.id)).toMatchObject([{ store: 'near', classes: ['glacier'], frozen: 1, hours: 5 }]);
        expect(cold.has(young.id)).toBe(false);
        const target = join(folder, 'restored');
        const wanted = { asset: 'docs', target, point: old.id, start: false, stay: false };
        await expect(planRestore(workspace, wanted)).rejects.toMatchObject({
          code: 'store.frozen',
          message: /glacier of near: 1 pack must thaw, which takes up to 5 h/,
          hint: new RegExp(`store thaw near --point ${old.id} --wait`),
        });
        await expect(planRestore(workspace, { ...wanted, point: young.id })).resolves.toMatchObject({ store: 'near' });

        const ask = { store: 'near', point: old.id, days: 7, dryRun: false, wait: true };
        let asked = 0;
        clock.sleep = async () => {
          asked += 1;
          if (asked === 2) for (const one of of.values()) one.finishThaws();
        };
        expect(await thawPoint(workspace, ask)).toMatchObject({ thawed: 1, thawing: 0, frozen: 0 });
        expect(asked).toBe(2);
        await restore(workspace, wanted);
        expect(await readFile(join(target, 'old'))).toEqual(old.bytes);
      },
      wrap,
    );
  });

  it('is passed over by a verification of every byte, which says how much that is, and read while it is thawed', async () => {
    const { wrap, of } = freezing();
    const policy = glacier.replace('} }', '}, verify: { every: 1d, readEverything: 3d } }');
    await withPolicy(
      policy,
      async (workspace, clock, folder) => {
        const old = await pointOf(workspace, folder, 'old');
        clock.nowMs += 40 * day;
        await pointOf(workspace, folder, 'young');
        await pruneDaily(workspace, clock, 4);
        const everything = async () => {
          const { checks, results } = await verify(workspace, { assets: ['docs'], everything: false });
          return { check: checks.find(({ check }) => check === 'everything'), frozen: results[0]?.frozen };
        };
        expect(await everything()).toMatchObject({
          check: {
            verdict: 'unknown',
            words:
              /^1 point froze before every byte was read back once: thaw them .*; 1 point could not be read whole now, for 4\d\d\S* kB in 1 pack/,
          },
          frozen: { packs: 1, points: [old.id] },
        });
        await thawPoint(workspace, { store: 'near', point: old.id, days: 7, dryRun: false, wait: false });
        for (const one of of.values()) one.finishThaws();
        expect(await everything()).toMatchObject({
          check: { verdict: 'ok', words: /^every byte was read within .* not that old$/ },
          frozen: { packs: 0, points: [] },
        });
        // It was read once; years later it is not said that it was read again.
        for (const one of of.values()) one.thawed.clear();
        clock.nowMs += 9 * day;
        await pointOf(workspace, folder, 'newest');
        await verify(workspace, { assets: ['docs'], everything: false });
        expect(await everything()).toMatchObject({
          check: {
            verdict: 'ok',
            words: /^every byte of what is not frozen was read within .*; 1 point could not be read/,
          },
        });
      },
      wrap,
    );
  });

  it('a store without classes keeps its points as they are, and says so', async () => {
    await withPolicy(glacier, async (workspace, clock, folder) => {
      await pointOf(workspace, folder, 'old');
      clock.nowMs += 40 * day;
      await pointOf(workspace, folder, 'young');
      const { tiers } = await prune(workspace, request());
      expect(tierSentences(tiers ?? never(), false)).toEqual([
        'near has no storage classes: its points stay as they are',
      ]);
    });
  });
});

describe('a tier of a policy with a store', () => {
  const away = '{ to: [near], keep: { daily: 60d, tiers: [{ after: 30d, class: standard, for: 90d, store: far }] } }';

  it('moves old points there, whole, and they restore from there; the newest stays', async () => {
    await withPolicy(away, async (workspace, clock, folder) => {
      await joined(folder);
      const old = await pointOf(workspace, folder, 'old');
      clock.nowMs += 40 * day;
      const young = await pointOf(workspace, folder, 'young');
      const dry = await prune(workspace, request({ dryRun: true }));
      expect(dry.tiers?.away).toEqual([{ point: old.id, asset: 'docs', to: 'far', stays: undefined }]);
      expect((await listPoints(workspace, 'docs')).points).toHaveLength(2);
      await prune(workspace, request());
      const where = (await listPoints(workspace, 'docs')).points.map(({ point, stores }) => [point.id, stores]);
      expect(where).toEqual([
        [old.id, ['far']],
        [young.id, ['near']],
      ]);
      // Nothing came along that the old point does not need, and what did is in an index.
      expect(await bytesOfPacks(join(folder, 'far'))).toBeLessThan(1.2 * old.bytes.length);
      expect(await readdir(join(folder, 'far', 'index'))).not.toEqual([]);
      expect(await verify(workspace, { assets: [], everything: true })).toMatchObject({ results: [{}, { ok: true }] });
      const target = join(folder, 'restored');
      await restore(workspace, { asset: 'docs', target, point: old.id, start: false, stay: false });
      expect(await readFile(join(target, 'old'))).toEqual(old.bytes);
      // A prune there keeps it until the tier ends, and nothing brings it back here.
      await prune(workspace, request({ store: 'far' }));
      await prune(workspace, request());
      expect((await listPoints(workspace, 'docs')).points[0]?.stores).toEqual(['far']);
    });
  });

  it('keeps a point here that is held, and every one while the other store is away or has it not whole', async () => {
    await withPolicy(away, async (workspace, clock, folder) => {
      const old = await pointOf(workspace, folder, 'old');
      clock.nowMs += 40 * day;
      await pointOf(workspace, folder, 'young');
      // Made apart: another repository.
      const refused = await prune(workspace, request());
      expect(refused.tiers?.away[0]?.stays).toMatch(/cannot be moved to far now/);
      await joined(folder);
      await replicate(workspace, { from: 'near', to: 'far' });
      await rm(join(folder, 'far', 'packs'), { recursive: true, force: true });
      expect((await prune(workspace, request())).tiers?.away[0]?.stays).toMatch(/not whole in far/);
      await placeHold(workspace, { point: old.id, kind: 'legal', reason: 'case 4711', by: 'counsel' });
      expect((await prune(workspace, request())).tiers?.away[0]?.stays).toMatch(/case 4711/);
      expect((await listPoints(workspace, 'docs')).points[0]?.stores).toContain('near');
    });
  });
});

it('a hold that is placed while points are copied to their tier keeps them here', async () => {
  const away = '{ to: [near], keep: { daily: 60d, tiers: [{ after: 30d, class: standard, for: 90d, store: far }] } }';
  let arrived: (name: string) => Promise<void> = async () => {};
  const wrap = (store: Store): Store =>
    changed(store, {
      put: async (name, ...rest) => {
        await store.put(name, ...rest);
        if (store.location.endsWith('far')) await arrived(name);
      },
    });
  await withPolicy(
    away,
    async (workspace, clock, folder) => {
      await joined(folder);
      const old = await pointOf(workspace, folder, 'old');
      clock.nowMs += 40 * day;
      await pointOf(workspace, folder, 'young');
      arrived = async (name) => {
        if (name !== `points/${old.id}`) return;
        await placeHold(workspace, { point: old.id, kind: 'legal', reason: 'case 4711', by: 'counsel' });
      };
      expect((await prune(workspace, request())).tiers?.away).toMatchObject([{ stays: /case 4711/ }]);
      expect((await listPoints(workspace, 'docs')).points[0]?.stores).toEqual(['near', 'far']);
    },
    wrap,
  );
});

async function joined(folder: string): Promise<void> {
  // What is in it, not the folder: who has it open would take another one for a disk that is not mounted.
  for (const name of await readdir(join(folder, 'far')))
    await rm(join(folder, 'far', name), { recursive: true, force: true });
  await joinRepository(await openFsStore(join(folder, 'near'), false), await openFsStore(join(folder, 'far'), true));
}

async function bytesOfPacks(store: string): Promise<number> {
  const sizes = await Promise.all((await packFiles(store)).map(async (path) => (await stat(path)).size));
  return sizes.reduce((total, bytes) => total + bytes, 0);
}

const never = (): never => {
  throw new Error('there is no report');
};
