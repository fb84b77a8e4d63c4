import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../core/index.ts';
import { describeProcedure, resumeRun, runProcedure, showRun, type RunResult, type StepKind } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import type { StepDeclaration } from '../../plan/index.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const run = (...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
const echo = (id: string, ...words: string[]): StepDeclaration => stepOf(id, 'exec', ['echo', ...words]);

/** A kind whose every attempt does what the test says. */
const scripted = (over: Partial<StepKind>): StepKind => ({
  kind: 'scripted',
  schema: z.unknown(),
  destructive: false,
  title: () => 'do as the test says',
  describe: async () => ({ certainty: 'unknown', text: '' }),
  run: async () => ({ state: 'done', outputs: {}, summary: 'done' }),
  ...over,
});

describe('a question', () => {
  it('stops the run until a person answers, and the wait is counted as waiting for people', async () => {
    let asked = 0;
    bench.close();
    bench = makeBench({
      kinds: [
        scripted({
          run: async () =>
            (asked += 1) === 1
              ? { state: 'needs-human', question: 'Is the old one off?' }
              : { state: 'done', outputs: { n: asked }, summary: 'ok' },
        }),
      ],
    });
    const result = await run(stepOf('ask', 'scripted', null), echo('after'));
    expect(result).toMatchObject({
      verdict: 'needs-human',
      questions: [{ step: 'ask', question: 'Is the old one off?' }],
    });
    const resume = { run: result.run, environment: bench.environment, tools: bench.tools };
    await expect(resumeRun(resume)).rejects.toMatchObject({ code: 'run.not_resumable' });
    await systemClock.sleep(250);
    const again = await resumeRun({ ...resume, answer: { is: 'again', by: 'duty' } });
    expect(again.verdict).toBe('done');
    expect(again.rto.waitingForPeopleMs).toBeGreaterThanOrEqual(240);
    expect(asked).toBe(2);
    await expect(resumeRun(resume)).rejects.toMatchObject({ code: 'run.not_resumable' });
  });

  it('is what a failed destructive step becomes on resume, until somebody says done or again', async () => {
    const flag = join(bench.folder, 'repaired');
    const result = await run(stepOf('act', 'exec', ['test', '-e', flag]), echo('after'));
    expect(result.verdict).toBe('failed');
    const resume = { run: result.run, environment: bench.environment, tools: bench.tools };
    expect((await resumeRun(resume)).verdict).toBe('needs-human');
    writeFileSync(flag, '');
    const again = await resumeRun({ ...resume, answer: { is: 'again', by: 'duty' } });
    expect(again.verdict).toBe('done');
    expect(showRun(bench.journal, result.run).resumed).toBe(2);
  });
});

it('a dry run executes nothing, writes nothing, and never calls the unknown certain', async () => {
  const file = join(bench.folder, 'touched');
  const scenario = scenarioOf(
    stepOf('act', 'exec', ['touch', file]),
    stepOf('later', 'exec', ['echo', '${steps.act.stdout}']),
    stepOf('pause', 'wait', '2s'),
    stepOf('left', 'wait', '2s', { if: '${environment.ephemeral}' }),
    stepOf('strange', 'fence', 'shop'),
  );
  const described = await describeProcedure({
    scenario,
    environment: bench.environment,
    tools: bench.tools,
    incident: brokeNow(),
  });
  expect(described.map(({ id, certainty, runs }) => [id, certainty, runs])).toEqual([
    ['act', 'unknown', true],
    ['later', 'unknown', true],
    ['pause', 'proved', true],
    ['left', 'proved', false],
    ['strange', 'unknown', true],
  ]);
  expect(bench.journal.records()).toEqual([]);
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
