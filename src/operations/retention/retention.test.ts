import { describe, expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';
import { applyRetention, decideRetention, placeHold, restore, verify, type Workspace } from '../index.ts';
import { backupDaily, withPolicy } from '../testing/aged.ts';
import { changed, damageFiles, packFiles } from '../testing/workspace.ts';

const policy = '{ to: [near], keep: { daily: 3d } }';
const pointsIn = async (workspace: Workspace): Promise<string[]> =>
  (await (await workspace.repository('near')).points()).points.map(({ id }) => id);
const apply = async (workspace: Workspace): Promise<string[]> => [
  ...(await applyRetention(workspace, await decideRetention(workspace, 'near'))).forgotten,
];
const forgets = ({ journal }: Workspace): Record<string, unknown>[] =>
  journal.records({ kinds: ['forget.*'] }).map(({ kind, data }) => ({ kind, ...data }));

describe('retention of a store', () => {
  it('lets go what no rule holds, once, each with its reason in the journal, and says what it would do first', async () => {
    await withPolicy(policy, async (workspace, clock) => {
      const ids = await backupDaily(workspace, clock, 7);
      const plan = await decideRetention(workspace, 'near');
      expect(plan.decisions.map(({ keep }) => keep)).toEqual([false, false, false, false, true, true, true]);
      expect(await pointsIn(workspace)).toEqual(ids);
      expect((await applyRetention(workspace, plan)).forgotten).toEqual(ids.slice(0, 4));
      expect(await pointsIn(workspace)).toEqual(ids.slice(4));
      const [started, finished] = forgets(workspace);
      expect(started).toMatchObject({
        kind: 'forget.started',
        point: ids[0],
        by: 'retention',
        reason: 'the first point of 2026-01-01, which was kept for 3d until 2026-01-04',
      });
      expect(finished).toMatchObject({ kind: 'forget.finished', forgotten: ['near'] });
      expect(await apply(workspace)).toEqual([]);
    });
  });

  it('keeps the last proven and the last verified point, and does not count a damaged one', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      const ids = await backupDaily(workspace, clock, 2);
      const request = { asset: 'docs', start: false, stay: false, store: 'near' };
      await restore(workspace, { ...request, target: `${folder}/back`, point: ids[0] as string });
      await verify(workspace, { assets: ['docs'], everything: false });
      ids.push(...(await backupDaily(workspace, clock, 6)));
      const gone = await apply(workspace);
      expect(gone).toEqual(ids.slice(2, 5));
      await damageFiles(await packFiles(`${folder}/near`));
      await verify(workspace, { assets: ['docs'], everything: false });
      clock.nowMs += 30 * 86_400_000;
      // Every point rests on the same damaged pack now: none is given up for another.
      expect(await apply(workspace)).toEqual([]);
    });
  });

  it('keeps points of assets that left the plan, and of those without a policy, and says so', async () => {
    await withPolicy('{ to: [near] }', async (workspace, clock) => {
      await backupDaily(workspace, clock, 2);
      clock.nowMs += 900 * 86_400_000;
      const { decisions } = await decideRetention(workspace, 'near');
      expect(decisions.map(({ keep, reasons }) => [keep, reasons[0]?.rule])).toEqual([
        [true, 'no rule'],
        [true, 'no rule'],
      ]);
    });
  });

  it('keeps what is held, also when the hold comes between the decision and the act', async () => {
    await withPolicy(policy, async (workspace, clock) => {
      const ids = await backupDaily(workspace, clock, 7);
      const why = { kind: 'legal', reason: 'case 4711', by: 'counsel' } as const;
      await placeHold(workspace, { ...why, point: ids[0] as string });
      const plan = await decideRetention(workspace, 'near');
      await placeHold(workspace, { ...why, point: ids[2] as string });
      const { forgotten, retained } = await applyRetention(workspace, plan);
      expect(forgotten).toEqual([ids[1], ids[3]]);
      expect(retained).toEqual([{ point: ids[2], reason: expect.stringContaining('by counsel: case 4711') }]);
      await placeHold(workspace, { ...why, asset: 'docs', untilMs: clock.nowMs + 1000 });
      clock.nowMs += 30 * 86_400_000;
      expect(await apply(workspace)).toEqual([ids[4], ids[5]]);
    });
  });

  it('lets nothing go while a hold cannot be read, and names it', async () => {
    await withPolicy(policy, async (workspace, clock, folder) => {
      const ids = await backupDaily(workspace, clock, 7);
      const { hold } = await placeHold(workspace, { point: ids[6] as string, kind: 'manual', reason: 'x', by: 'me' });
      await damageFiles([`${folder}/near/holds/${hold.id}`]);
      const plan = await decideRetention(workspace, 'near');
      expect(plan.decisions.every(({ keep }) => keep)).toBe(true);
      expect(plan.damage).toMatchObject([{ kind: 'hold', object: `holds/${hold.id}` }]);
    });
  });

  it('takes a locked object as kept, not as a failure, and goes on', async () => {
    let locked = '';
    const wrap = (store: Store): Store =>
      changed(store, {
        remove: async (name) => {
          if (name === `points/${locked}`) throw new LifeboatError('store.denied', 'locked until 2027');
          await store.remove(name);
        },
      });
    await withPolicy(
      policy,
      async (workspace, clock) => {
        const ids = await backupDaily(workspace, clock, 7);
        locked = ids[1] as string;
        const plan = await decideRetention(workspace, 'near');
        const { forgotten, retained } = await applyRetention(workspace, plan);
        expect(forgotten).toEqual([ids[0], ids[2], ids[3]]);
        expect(retained).toEqual([{ point: locked, reason: 'locked until 2027' }]);
      },
      wrap,
    );
  });
});
