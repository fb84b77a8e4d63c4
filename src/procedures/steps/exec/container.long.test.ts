import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findProcesses, mustSucceed, systemClock } from '../../../core/index.ts';
import { describeProcedure } from '../../index.ts';
import { act, actingBench } from '../../testing/acting.ts';
import { brokeNow, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { noContainer, startTestContainer, type TestContainer } from '../../testing/real/container.ts';
import { execInsideSuite } from './inside.suite.ts';

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

    it('that dies takes its program along, and the step does not call that its end', async () => {
      const own = await startTestContainer();
      const bench = actingBench({});
      const running = act(
        bench,
        stepOf('act', 'exec', { run: ['sleep', '300'], container: { name: own.name, by: 'podman' } }),
      );
      const isBegun = async () =>
        (await findProcesses(({ mark, program }) => mark?.endsWith('/act') === true && program === 'sleep')) ?? [];
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

describe('exec in a container whose tool falls silent (a stand-in)', () => {
  let bench: Bench;
  const path = process.env['PATH'];
  afterEach(() => {
    process.env['PATH'] = path;
    bench.close();
  });

  it('neither failed nor stopped: people are asked whether it still acts, and no retry begins beside it', async () => {
    bench = actingBench({});
    mkdirSync(join(bench.folder, 'bin'));
    const docker = join(bench.folder, 'bin', 'docker');
    const once = 'test -e "$0.was" && { echo "the daemon does not answer" >&2; exit 1; }\ntouch "$0.was"\nexec sh\n';
    writeFileSync(docker, `#!/bin/sh\n${once}`);
    chmodSync(docker, 0o755);
    process.env['PATH'] = [join(bench.folder, 'bin'), path].join(delimiter);
    const step = stepOf('act', 'exec', { run: ['sleep', '300'], container: { name: 'shop' }, timeout: '1s' });
    const asked = await act(bench, { ...step, retry: { times: 2, pauseMs: 10 } });
    expect(asked).toMatchObject({ verdict: 'needs-human', steps: [{ attempts: 1 }] });
    expect(asked.questions[0]?.question).toMatch(/may go on there.*Does it still act/);
  });
});
