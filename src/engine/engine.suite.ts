import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StepDeclaration } from '../plan/index.ts';
import { listRuns, showRun, type RunResult } from '../procedures/index.ts';
import { stepOf } from '../procedures/testing/bench.ts';
import type { RunOrder } from './engine.ts';
import { effects, orderOf, steps, until, writes, type Ground } from './testing/ground.ts';

/** What every engine promises; `make` starts one with the process of a site beside it. */
export function engineSuite(name: string, make: () => Promise<Ground>): void {
  describe(`the engine ${name}`, () => {
    let ground: Ground;
    beforeAll(async () => {
      ground = await make();
    });
    afterAll(() => ground?.close());

    const begin = async (...list: readonly StepDeclaration[]): Promise<RunOrder> => {
      const order = orderOf(steps(...list));
      await ground.engine.start(order);
      return order;
    };
    const asJson = (run: RunResult): unknown => JSON.parse(JSON.stringify(run));
    const consent = stepOf('consent', 'approve', { by: ['lead'] });
    const agree = { kind: 'say', said: { word: 'approve', as: 'lead', user: 'account' } } as const;

    it('runs a procedure to its end, and tells it in the words of the journal', async () => {
      const order = await begin(writes(ground, 'end-one'), writes(ground, 'end-two'));
      await ground.engine.start(order);
      const result = await ground.engine.result(order);
      expect(result).toMatchObject({ run: order.run, verdict: 'done', mode: 'real', environment: 'production' });
      expect(asJson(showRun(ground.bench.journal, order.run))).toEqual(asJson(result));
      expect(listRuns(ground.bench.journal)[0]?.run).toBe(order.run);
      expect(effects(ground, 'end-')).toEqual(['end-one', 'end-two']);
    });

    it('waits for consent, goes on with the word that gives it, and refuses a word of others', async () => {
      const order = await begin(consent, writes(ground, 'agreed'));
      expect((await ground.engine.result(order)).verdict).toBe('needs-human');
      const strange = { ...agree, said: { ...agree.said, as: 'duty' } };
      await expect(ground.engine.signal(order, strange)).rejects.toMatchObject({ code: 'people.not_allowed' });
      expect(effects(ground, 'agreed')).toEqual([]);
      const heard = await ground.engine.signal(order, agree);
      expect((await ground.engine.result(order, heard)).verdict).toBe('done');
      expect(effects(ground, 'agreed')).toEqual(['agreed']);
      await expect(ground.engine.signal(order, { kind: 'resume' })).rejects.toMatchObject({
        code: 'run.not_resumable',
      });
    });

    it('knows no run that was never started', async () => {
      const unknown = orderOf(steps());
      await expect(ground.engine.signal(unknown, agree)).rejects.toMatchObject({ code: 'run.missing' });
    });

    it('goes on with a run that failed when it is told to, and does nothing twice', async () => {
      const flag = `${ground.ledger}-flag`;
      const broken = stepOf('broken', 'exec', { run: ['test', '-e', flag], repeatable: true });
      const order = await begin(writes(ground, 'repaired-one'), broken, writes(ground, 'repaired-two'));
      expect((await ground.engine.result(order)).verdict).toBe('failed');
      writeFileSync(flag, '');
      const heard = await ground.engine.signal(order, { kind: 'resume' });
      expect((await ground.engine.result(order, heard)).verdict).toBe('done');
      expect(effects(ground, 'repaired-')).toEqual(['repaired-one', 'repaired-two']);
    });

    it('takes a run back, the last step first, as a run of its own that is kept as any other', async () => {
      const order = await begin(writes(ground, 'back-one'), writes(ground, 'back-two'));
      await ground.engine.result(order);
      const way = orderOf(steps(), { undoes: order.run });
      await ground.engine.start(way);
      const result = await ground.engine.result(way);
      expect(result).toMatchObject({ run: way.run, verdict: 'done', undoes: { run: order.run } });
      expect(effects(ground, 'undone-back-')).toEqual(['undone-back-two', 'undone-back-one']);
      expect(showRun(ground.bench.journal, order.run).rollback).toMatchObject({ run: way.run, verdict: 'done' });
      await expect(ground.engine.signal(order, { kind: 'resume' })).rejects.toMatchObject({
        code: 'run.not_resumable',
      });
    });

    it('cancels a run that waits, and one that acts', async () => {
      const waiting = await begin(consent, writes(ground, 'cancelled-one'));
      await ground.engine.result(waiting);
      const by = { as: 'duty', user: 'operator' };
      const heard = await ground.engine.cancel(waiting, by, 'false alarm');
      expect((await ground.engine.result(waiting, heard)).verdict).toBe('cancelled');
      const acting = await begin(
        writes(ground, 'cancelled-two', { takesMs: 60_000 }),
        writes(ground, 'cancelled-three'),
      );
      await until(() => ground.bench.journal.records({ run: acting.run, kinds: ['step.started'] }).length > 0);
      await ground.engine.cancel(acting, by);
      const result = await ground.engine.result(acting);
      expect([result.verdict, ...result.steps.map(({ state }) => state)]).toEqual([
        'cancelled',
        'cancelled',
        'pending',
      ]);
      expect(effects(ground, 'cancelled-')).toEqual([]);
    });

    describe('whose process is killed, and finds another plan when it is started again', () => {
      const runs = new Map<string, RunOrder>();
      const runOf = (line: string): RunOrder => runs.get(line) as RunOrder;
      const startedSteps = (order: RunOrder): number =>
        ground.bench.journal.records({ run: order.run, kinds: ['step.started'] }).length;

      beforeAll(async () => {
        // Each in an environment of its own: all of them are under way when the process is killed.
        const scenes: Record<string, readonly StepDeclaration[]> = {
          before: [writes(ground, 'before-slow', { takesMs: 120_000 }), writes(ground, 'before-last')],
          after: [writes(ground, 'after-slow', { takesMs: 400, staysMs: 120_000 }), writes(ground, 'after-last')],
          doubt: [stepOf('doubt', 'exec', ['sleep', '120']), writes(ground, 'doubt-last')],
          consent: [consent, writes(ground, 'old-plan')],
        };
        for (const [scene, list] of Object.entries(scenes)) {
          const order = orderOf(steps(...list), { environment: scene });
          runs.set(scene, order);
          await ground.engine.start(order);
        }
        await until(() => [...runs.values()].every((order) => startedSteps(order) > 0));
        await until(() => effects(ground, 'after-').length > 0);
        await ground.engine.result(runOf('consent'));
        await ground.kill();
        await ground.start({ planHash: 'new-plan-hash', hurried: true });
      });

      it.each(['before', 'after'])(
        'resumes what was killed %s the effect of a step, and no effect happens twice',
        async (when) => {
          const result = await ground.engine.result(runOf(when));
          expect(result).toMatchObject({ verdict: 'done', resumed: 1 });
          expect(effects(ground, `${when}-`)).toEqual([`${when}-slow`, `${when}-last`]);
        },
      );

      it('asks a person where nobody can tell what was done, and takes the answer', async () => {
        const order = runOf('doubt');
        expect((await ground.engine.result(order)).verdict).toBe('needs-human');
        const heard = await ground.engine.signal(order, { kind: 'resume', answer: { is: 'done', by: 'duty' } });
        expect((await ground.engine.result(order, heard)).verdict).toBe('done');
        expect(effects(ground, 'doubt-')).toEqual(['doubt-last']);
      });

      it('keeps the procedure that a run began with; nothing new begins with the old plan', async () => {
        const late = orderOf(steps(writes(ground, 'late-plan')));
        await ground.engine.start(late);
        await expect(ground.engine.result(late)).rejects.toMatchObject({ code: 'engine.other_plan' });
        const order = runOf('consent');
        const heard = await ground.engine.signal(order, agree);
        expect((await ground.engine.result(order, heard)).verdict).toBe('done');
        expect(effects(ground, 'old-plan')).toEqual(['old-plan']);
        expect(effects(ground, 'late-plan')).toEqual([]);
      });
    });
  });
}
