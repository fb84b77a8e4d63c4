import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProcesses, limits, mustSucceed, systemClock } from '../../../core/index.ts';
import { containerDoor } from '../../hands/inside/container.ts';
import { endInside } from '../../hands/inside/inside.ts';
import { describeProcedure } from '../../index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { brokeNow, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { rememberedBy } from '../../testing/interrupted.ts';
import { noContainer, startTestContainer, type TestContainer } from '../../testing/real/container.ts';
import { execInsideSuite, runIn } from './inside.suite.ts';

const preview = async ({ environment, tools }: Bench, settings: Record<string, unknown>) =>
  (
    await describeProcedure({
      scenario: scenarioOf(stepOf('act', 'exec', settings)),
      environment,
      tools,
      incident: brokeNow(),
    })
  )[0];

describe.skipIf(noContainer !== undefined)(
  `exec in a container of podman${noContainer ? ` (${noContainer})` : ''}`,
  () => {
    let container: TestContainer;
    beforeAll(async () => {
      container = await startTestContainer();
    }, 120_000);
    afterAll(() => container?.remove());
    const at = () => ({ container: { name: container.name, by: 'podman' } });

    execInsideSuite('that runs', async () => ({
      bench: actingBench({}),
      at: at(),
      remembered: undefined,
      leave: async (mark) => {
        const words = ['podman', 'exec', '--detach', '--env', `LIFEBOAT_STEP=${mark}`, container.name];
        await mustSucceed([...words, 'sh', '-c', "trap '' TERM; sleep 300 & wait; wait"]);
      },
    }));

    it('says in a dry run whether it runs', async () => {
      const bench = actingBench({});
      expect((await preview(bench, { run: ['true'], ...at() }))?.text).toContain(`${container.name} runs`);
      const none = { run: ['true'], container: { name: 'no-such-container', by: 'podman' } };
      expect((await preview(bench, none))?.text).toContain('knows no container');
      expect((await act(bench, stepOf('act', 'exec', none))).steps[0]).toMatchObject({ code: 'target.unreachable' });
      bench.close();
    });

    const asAnother = { run: ['sleep', '300'], timeout: '2s' };
    const leftOf = async (run: string): Promise<number | undefined> =>
      (await findProcesses(({ mark, program }) => mark === `${run}/act` && program === 'sleep'))?.length;

    it('ends a program of another user than its root, who may not look at that by himself', async () => {
      const bench = actingBench({});
      const step = { ...asAnother, container: { ...at().container, user: '1000' } };
      const { run, steps } = await act(bench, stepOf('act', 'exec', step));
      expect([steps[0]?.code, await leftOf(run)]).toEqual(['process.timeout', 0]);
      bench.close();
    });

    it('does not say that what nobody can look at has ended', async () => {
      const { processGraceMs, processBuryMs } = limits;
      const other = limits as { processGraceMs: number; processBuryMs: number };
      const door = containerDoor({ name: container.name, by: 'podman' });
      const mark = `${container.name}/act`;
      const start = ['podman', 'exec', '--detach', '--user', '1000', '--env', `LIFEBOAT_STEP=${mark}`, container.name];
      await mustSucceed([...start, 'sleep', '300']);
      Object.assign(other, { processGraceMs: 1_000, processBuryMs: 1_000 });
      try {
        await expect(endInside({ ...door, enterToEnd: door.enter }, mark)).rejects.toMatchObject({
          code: 'process.unstoppable',
        });
        await endInside(door, mark);
      } finally {
        Object.assign(other, { processGraceMs, processBuryMs });
      }
      expect(await leftOf(container.name)).toBe(0);
    });

    it('does not say so either of an orphan that took another user, and knows it by the session that the step was in', async () => {
      const { processGraceMs, processBuryMs } = limits;
      const other = limits as { processGraceMs: number; processBuryMs: number };
      const door = containerDoor({ name: container.name, by: 'podman' });
      const plain = { ...door, enterToEnd: door.enter };
      const mark = `${container.name}/orphan`;
      const leave = 'echo "$(cut -d\' \' -f6 /proc/$$/stat)"; sleep 300 >/dev/null 2>&1 & exit 0';
      const start = ['podman', 'exec', '--user', '1000', '--env', `LIFEBOAT_STEP=${mark}`, container.name];
      const { stdout } = await mustSucceed([...start, 'sh', '-c', leave]);
      Object.assign(other, { processGraceMs: 1_000, processBuryMs: 1_000 });
      try {
        await expect(endInside(plain, mark, stdout.trim())).rejects.toMatchObject({ code: 'process.unstoppable' });
        await endInside(door, mark, stdout.trim());
      } finally {
        Object.assign(other, { processGraceMs, processBuryMs });
      }
      expect((await findProcesses((one) => one.mark === mark))?.length).toBe(0);
    });

    it('remembers that session before its program begins', async () => {
      const bench = actingBench({});
      const said = await act(
        bench,
        stepOf('act', 'exec', { run: ['sh', '-c', "cut -d' ' -f6 /proc/$$/stat"], ...at() }),
      );
      expect(rememberedBy(bench, 'act')).toEqual({ session: said.steps[0]?.outputs['stdout'] });
      bench.close();
    });

    it('that dies takes its program along, and the step does not call that its end', async () => {
      const own = await startTestContainer();
      const bench = actingBench({});
      const running = act(
        bench,
        stepOf('act', 'exec', { run: ['sleep', '300'], container: { name: own.name, by: 'podman' } }),
      );
      const isBegun = async () =>
        (await findProcesses(({ mark, program }) => mark === `${runIn(bench)}/act` && program === 'sleep')) ?? [];
      while ((await isBegun()).length === 0) await systemClock.sleep(20);
      await own.kill();
      expect((await running).steps[0]).toMatchObject({
        state: 'failed',
        code: 'process.failed',
        summary: expect.stringMatching('broke|137'),
      });
      bench.close();
      await own.remove();
    });
  },
);
