import { expect, it } from 'vitest';
import { LifeboatError, systemClock } from '../../core/index.ts';
import { listPoints } from '../index.ts';
import { noneYet, shownState, soon, withBases, withPolicy, type Weather } from './testing/bases-scene.ts';

it('a point that takes the place of a damaged one is damaged too: the next one waits, longer each time, as if it had failed', async () => {
  await withBases(
    { isAway: false },
    async ({ workspace, bases, lacking, pass }) => {
      const taken = (): number => workspace.journal.records({ kinds: ['backup.started'] }).length;
      const damageAll = async (): Promise<void> => {
        const { points } = await listPoints(workspace, 'docs');
        const damage = [{ object: 'packs/a', what: 'it is changed', points: points.map(({ point }) => point.id) }];
        workspace.journal.append('verify.finished', { store: 'near', ok: false, sound: [], damage });
        bases.take({ reason: 'no recovery point leads to the log', store: 'near', isLedToBy: () => true });
      };
      bases.take(noneYet);
      await soon(lacking).toEqual([]);
      await damageAll();
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(2);
      await damageAll();
      await pass(1);
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(3);
      await damageAll();
      await pass(1);
      expect([taken(), lacking()]).toEqual([3, ['near']]);
      await pass(1);
      await soon(lacking).toEqual([]);
      expect(taken()).toBe(4);
    },
    withPolicy({ to: ['near'], keeps: {}, streams: { to: ['near'] } }),
  );
});

it.each([
  ['a point', 'backup.started', { to: ['far'], keeps: {}, streams: { to: ['far'] } }],
  ['a copy', 'copy.started', { to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['far'] } }],
])(
  '%s that fails is tried again after a minute and not at once, also where a stream that keeps breaking asked again meanwhile',
  async (_, kind, policy) => {
    const hanging = Promise.withResolvers<void>();
    hanging.promise.catch(() => {}); // whoever puts something hears it
    await withBases(
      { isAway: false, hangs: hanging.promise },
      async ({ workspace, bases, pass }) => {
        const tries = (): number => workspace.journal.records({ kinds: [kind] }).length;
        const ask = (): void => bases.take({ reason: 'none is in far', store: 'far', isLedToBy: () => true });
        ask();
        await soon(tries).toBe(1);
        ask();
        hanging.reject(new LifeboatError('store.unreachable', 'far is away'));
        await soon(
          () => workspace.journal.records({ kinds: [kind.replace('started', 'failed')] }).length,
        ).toBeGreaterThan(0);
        await systemClock.sleep(500);
        expect(tries()).toBe(1);
        await pass(2);
        expect(tries()).toBe(2);
      },
      withPolicy(policy),
      kind === 'copy.started',
    );
  },
);

it('a copy to a store that is away is tried less and less often, at once when the stream reaches that store again', async () => {
  const far = { isAway: true };
  await withBases(
    far,
    async ({ workspace, bases, pass }) => {
      const tries = (): number => workspace.journal.records({ kinds: ['copy.started'] }).length;
      bases.take(noneYet);
      await soon(() => tries()).toBe(1);
      await pass(32);
      // After 1, 2, 4, 8 and 10 minutes.
      expect(tries()).toBe(6);
      expect(workspace.journal.records({ kinds: ['backup.started'] })).toHaveLength(1);
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(1);
      expect(tries()).toBe(7);
      far.isAway = false;
      await pass(2);
      expect([tries(), bases.shown(shownState)]).toEqual([8, shownState]);
    },
    withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
    true,
  );
});

it('a copy whose source went away is looked for each minute, and not at once again and again when an hour has passed since it was spoken of', async () => {
  const far: Weather = { isAway: true };
  await withBases(
    far,
    async ({ bases, said, slept, pass }) => {
      bases.take(noneYet);
      await soon(() => said.at(-1)).toBe('the new recovery point is not in far yet');
      far.nearIsAway = true;
      await pass(70);
      expect(Math.min(...slept)).toBeGreaterThan(0);
    },
    withPolicy({ to: ['near'], copy: { to: ['far'] }, keeps: {}, streams: { to: ['near', 'far'] } }),
    true,
  );
});

it('a store that gets the log and never a point is spoken of once, and again each hour: not every minute', async () => {
  await withBases(
    { isAway: false },
    async ({ bases, said, pass }) => {
      bases.take(noneYet);
      const lack = 'no recovery point of docs comes into far, and nothing can be restored from the log alone';
      await soon(() => said).toEqual([
        'a new recovery point is taken: no recovery point is there yet',
        'a new recovery point was taken',
        lack,
      ]);
      await pass(10);
      // A stream that connects again asks again.
      bases.take({
        reason: 'no recovery point that leads to the log is in far yet',
        store: 'far',
        isLedToBy: () => true,
      });
      await pass(49);
      expect(said).toHaveLength(3);
      await pass(1);
      expect(said.slice(3)).toEqual([lack]);
    },
    withPolicy({ to: ['near'], keeps: {}, streams: { to: ['near', 'far'] } }),
  );
});
