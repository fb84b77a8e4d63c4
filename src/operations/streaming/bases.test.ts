import { describe, expect, it } from 'vitest';
import type { Asset } from '../../assets/index.ts';
import { systemClock } from '../../core/index.ts';
import { backupEverywhere, listPoints } from '../index.ts';
import { withWorkspace } from '../testing/workspace.ts';
import { Bases } from './bases.ts';
import { noneYet, shownState, soon, withBases, withPolicy } from './testing/bases-scene.ts';

describe('a stream into two stores, one of which is away, that needs a point', () => {
  it('has it once in the store that is there, which is protected then, and tries the other one less and less often', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      const pointsIn = async (store: string): Promise<number> =>
        (await listPoints(workspace, 'docs')).points.filter(({ stores }) => stores.includes(store)).length;
      bases.take(noneYet);
      await soon(() => said.at(-1)).toBe('the new recovery point is not in far yet, and is tried again: far is away');
      expect(bases.shown(shownState)).toEqual({
        state: 'streaming',
        stores: [{ store: 'near', completeToMs: 1 }, { store: 'far' }],
        reason: 'the new recovery point is not in far yet',
      });
      await pass(32);
      expect(await pointsIn('near')).toBe(1);
      // After 1, 2, 4, 8 and 10 minutes: the sixth try would be after 35.
      const tries = workspace.journal.records({ kinds: ['backup.started'] }).map(({ data }) => data['store']);
      expect(tries.toSorted()).toEqual(['far', 'far', 'far', 'far', 'far', 'far', 'near']);

      far.isAway = false;
      await pass(10);
      expect(bases.shown(shownState)).toBe(shownState);
      expect([await pointsIn('near'), await pointsIn('far')]).toEqual([1, 1]);
    });
  });

  it('waits for one that hangs from the moment on at which it is told to end, and not once more behind the end of the stream', async () => {
    const freed = Promise.withResolvers<void>();
    await withBases({ isAway: false, hangs: freed.promise }, async ({ workspace, bases, lacking, stop }) => {
      bases.take(noneYet);
      await soon(() => lacking()).toEqual(['far']);
      await soon(() => workspace.journal.records({ kinds: ['backup.started'] }).length).toBe(2);
      stop();
      await systemClock.sleep(4_000);
      const startedMs = systemClock.elapsed();
      await bases.end();
      expect(systemClock.elapsed() - startedMs).toBeLessThan(8_000);
      freed.resolve();
      const kinds = ['backup.finished', 'backup.failed'];
      await soon(() => workspace.journal.records({ kinds }).length).toBe(2);
    });
  });

  it('is content with a point that came there in another way, within a minute, and says what is lacking once for each try', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      const before = said.length;
      await pass(10);
      const tries = said.filter((line) => line.startsWith('another recovery point is taken'));
      expect([tries.length, said.length - before]).toEqual([3, 2 * 3]);
      far.isAway = false;
      await backupEverywhere(workspace, 'docs', undefined, ['far']);
      await pass(1);
      expect([bases.shown(shownState), said.length - before]).toEqual([shownState, 2 * 3]);
    });
  });

  it('takes it as soon as the stream reaches that store again, but not sooner than a minute after the last try', async () => {
    const far = { isAway: true };
    await withBases(far, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      await pass(8);
      far.isAway = false;
      const tries = (): number => workspace.journal.records({ kinds: ['backup.started'] }).length;
      const before = tries();
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(1);
      expect([tries() - before, bases.shown(shownState)]).toEqual([1, shownState]);
    });
  });

  it('has a new gap of the store that is there mended at once, also while the other one is waited for', async () => {
    await withBases({ isAway: true }, async ({ workspace, bases, said, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toMatch(/not in far yet, and is tried again/);
      await pass(8);
      const before = await listPoints(workspace, 'docs');
      const isNew = new Set(before.points.map(({ point }) => point.id));
      bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => false });
      await soon(() => said.at(-1)).toBe(
        'the new recovery point ends before the log that it is for, and another one is taken',
      );
      const after = await listPoints(workspace, 'docs');
      expect(after.points.filter(({ point }) => !isNew.has(point.id)).map(({ stores }) => stores)).toEqual([['near']]);
    });
  });
});

describe('a stream that needs points while a store hangs', () => {
  it('has them in the others, at once and again, and ends all the same', async () => {
    const hanging = Promise.withResolvers<void>();
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, lacking }) => {
        const pointsInNear = async (): Promise<number> =>
          (await listPoints(workspace, 'docs')).points.filter(({ stores }) => stores.includes('near')).length;
        bases.take(noneYet);
        await soon(lacking).toEqual(['far']);
        expect(await pointsInNear()).toBe(1);
        // Another gap, in which the first one does not help.
        let asked = 0;
        bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => (asked += 1) > 1 });
        await soon(lacking).toEqual(['far']);
        expect(await pointsInNear()).toBe(2);
        const startedMs = systemClock.elapsed();
        await bases.end();
        expect(systemClock.elapsed() - startedMs).toBeLessThan(15_000);
        hanging.resolve();
        await soon(() => workspace.journal.records({ kinds: ['backup.failed'] }).length).toBe(1);
      },
      withPolicy({ to: ['far', 'near'], keeps: {}, streams: { to: ['far', 'near'] } }),
    );
  });

  it('has copies of them in the others too', async () => {
    const hanging = Promise.withResolvers<void>();
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, lacking }) => {
        bases.take(noneYet);
        await soon(() => workspace.journal.records({ kinds: ['copy.started'] }).length).toBe(1);
        bases.take({ reason: 'the log in near has a gap', store: 'near', isLedToBy: () => true });
        await soon(lacking).toEqual(['far']);
        hanging.resolve();
        await soon(lacking).toEqual([]);
      },
      withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
      true,
    );
  });
});

it('a point that is being taken is stopped when its stream has failed: nobody waits an hour for the reason', async () => {
  await withWorkspace(async (workspace) => {
    const begun = Promise.withResolvers<void>();
    const stopped = Promise.withResolvers<void>();
    const asset: Pick<Asset, 'name' | 'type' | 'identify' | 'capture'> = {
      name: 'docs',
      type: 'files',
      identify: async () => ({ id: 'slow', description: 'a source that is read for an hour' }),
      // oxlint-disable-next-line require-yield -- it is stopped before there is anything to give
      capture: async function* ({ signal }) {
        signal?.addEventListener('abort', () => stopped.resolve());
        begun.resolve();
        await stopped.promise;
        throw new Error('stopped');
      },
    };
    const bases = new Bases({
      workspace: { ...workspace, asset: () => asset as Asset },
      asset: 'docs',
      placeOf: () => undefined,
      say: () => {},
      signal: new AbortController().signal,
    });
    bases.take({ reason: 'no recovery point is there yet', isLedToBy: () => true });
    await begun.promise;
    await bases.end();
    const [started, failed] = ['backup.started', 'backup.failed'].map(
      (kind) => workspace.journal.records({ kinds: [kind] }).length,
    );
    expect([started, failed]).toEqual([failed, expect.toBeOneOf([1, 2])]);
  });
});
