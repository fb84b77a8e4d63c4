import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProcesses, systemClock } from '../../../core/index.ts';
import { resumeRun, runProcedure, type RunResult } from '../../index.ts';
import { act } from '../../testing/acting.ts';
import { brokeNow, scenarioOf, stepOf, type Bench } from '../../testing/bench.ts';
import { interruptedRun, resumeInterrupted } from '../../testing/interrupted.ts';

/** A place to run programs in that has a door. */
export interface Inside {
  readonly bench: Bench;
  /** What stands at the step beside `run`. */
  readonly at: Record<string, unknown>;
  /** What a step that was under way remembers of it. */
  readonly remembered: Record<string, unknown> | undefined;
  /** A program that does not end when it is asked to: told to one door, for it takes the whole grace. */
  readonly stubborn?: readonly string[];
  /** Starts a program in there that bears this mark, as a runner that died leaves one. */
  leave(mark: string): Promise<void>;
}

/** The run that began last: its mark is no other test's. */
export const runIn = ({ journal }: Bench): string | undefined =>
  journal.records({ kinds: ['run.started'] }).at(-1)?.run;

/** What a program in a container or a pod is owed: the same for each door. Processes in there are seen from here. */
export function execInsideSuite(title: string, open: () => Promise<Inside>): void {
  describe(`a program ${title}`, () => {
    let inside: Inside;
    let bench: Bench;
    beforeEach(async () => {
      inside = await open();
      ({ bench } = inside);
    });
    afterEach(() => bench.close());
    const step = (run: readonly string[], more: Record<string, unknown> = {}) =>
      stepOf('act', 'exec', { run, ...inside.at, ...more });
    const there = (run: readonly string[], more: Record<string, unknown> = {}): Promise<RunResult> =>
      act(bench, step(run, more));
    const begun = async (mark: (one: string | undefined) => boolean): Promise<void> => {
      const isThere = async () =>
        ((await findProcesses((one) => mark(one.mark) && one.program === 'sleep')) ?? []).length > 0;
      while (!(await isThere())) await systemClock.sleep(20);
    };
    /** What only waits to be buried, or watches over a container, is not what was started there. */
    const left = async ({ run }: Pick<RunResult, 'run'>): Promise<number | undefined> =>
      (await findProcesses(({ mark, program }) => mark === `${run}/act` && program === 'sleep'))?.length;
    const long = ['sh', '-c', 'sleep 300 & sleep 301; wait'];

    it('hands over each word as it is, and shows what it puts out, each line once', async () => {
      const words = ["it's", '$HOME `id` $(id)', 'two  spaces', '*', '', ';', 'new\nline'];
      const result = await there(['printf', '[%s]', ...words]);
      expect(result.steps[0]?.outputs['stdout']).toBe(words.map((word) => `[${word}]`).join(''));
      await there(['sh', '-c', 'echo one; printf two >&2; printf "\\n\\nthree" >&2']);
      const [record] = bench.journal.records({ kinds: ['step.finished'] }).slice(-1);
      expect(String(record?.data['output']).trimEnd().split('\n').toSorted()).toEqual(['', 'one', 'three', 'two']);
    });

    it('tells how the program itself ended, whatever the tool that enters ends with', async () => {
      for (const code of [3, 1, 125, 126])
        expect((await there(['sh', '-c', `echo bad >&2; exit ${code}`])).steps[0]).toMatchObject({
          state: 'failed',
          code: 'process.failed',
          summary: `sh ended with exit code ${code}: bad`,
        });
      expect((await there(['pwd'], { cwd: '/usr' })).steps[0]?.outputs['stdout']).toBe('/usr');
      expect((await there(['pwd'], { cwd: '/not/there' })).steps[0]).toMatchObject({ code: 'process.failed' });
    });

    it('gives settings by no argument list, nothing of the environment here, and redacts what comes back', async () => {
      process.env['INSIDE_TEST_SECRET'] = 'a-very-secret-word';
      const look =
        'echo "$WORD"; cat /proc/[0-9]*/cmdline 2>/dev/null | grep -ac very-secre[t]-word; echo "<$INSIDE_TEST_SECRET>"';
      const result = await there(['sh', '-c', look], { env: { WORD: { env: 'INSIDE_TEST_SECRET' } } });
      expect(result.steps[0]?.outputs['stdout']).toBe('[secret]\n0\n<>');
      expect(JSON.stringify(bench.journal.records())).not.toContain('a-very-secret-word');
    });

    it('ends what runs in there when its time is over, with all that it started, and confirms it', async () => {
      const result = await there(inside.stubborn ?? long, { timeout: '2s' });
      expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'process.timeout' });
      expect(await left(result)).toBe(0);
    });

    it('ends it when people stop the run', async () => {
      const stop = new AbortController();
      const { environment, tools } = bench;
      const scenario = scenarioOf(step(long));
      const request = {
        scenario,
        environment,
        tools,
        mode: 'real',
        incident: brokeNow(),
        signal: stop.signal,
      } as const;
      const running = runProcedure(request);
      await begun((mark) => mark === `${runIn(bench)}/act`);
      stop.abort();
      const stopped = await running;
      expect([stopped.verdict, await left(stopped)]).toEqual(['cancelled', 0]);
      await expect(resumeRun({ run: stopped.run, environment, tools })).resolves.toMatchObject({
        verdict: 'needs-human',
      });
    });

    it('whose runner died is ended in there before anybody runs it again', async () => {
      const run = interruptedRun(bench);
      await inside.leave(`${run}/act`);
      await begun((mark) => mark === `${run}/act`);
      const resumed = await resumeInterrupted(bench, step(['true'], { repeatable: true }), inside.remembered);
      expect([resumed.verdict, resumed.steps[0]?.summary, await left({ run })]).toEqual(['done', 'ended well', 0]);
    });

    it('in a drill runs nothing, for it is outside the bubble', async () => {
      const { tools, environment } = bench;
      const drilled = { scenario: scenarioOf(step(['true'])), tools, mode: 'drill', incident: brokeNow() } as const;
      const result = await runProcedure({ ...drilled, environment: { ...environment, ephemeral: true } });
      expect(result.steps[0]).toMatchObject({ state: 'skipped', summary: expect.stringContaining('not exercised') });
    });
  });
}
