import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { hasRunner, readHistory, runProcedure, type RunResult } from '../../../procedures/index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../../procedures/testing/bench.ts';
import { followRun, whereItStands } from './follow-run.ts';
import { createOutput } from '../../output.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const id = '01kanfollowed0000000000000';
const run = (): Promise<RunResult> =>
  runProcedure({
    run: id,
    scenario: scenarioOf(
      stepOf('first', 'exec', ['sleep', '0.5'], { budgetMs: 60_000 }),
      stepOf('second', 'exec', ['true'], { budgetMs: 30_000 }),
    ),
    environment: bench.environment,
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });

it('a run is followed as it goes: what began, what ended, what is next, and when its budgets end', async () => {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(...text.trimEnd().split('\n')), isTTY: false, columns: 80 };
  const output = createOutput({ stream, silent: false, environment: {}, beforeLine: () => {} });
  const running = run();
  while (bench.journal.records({ run: id }).length === 0) await systemClock.sleep(10);
  const followed = await followRun(bench.workspace, id, output, new AbortController().signal);
  await running;
  expect(followed.verdict).toBe('done');
  expect(lines.some((line) => /first begins: run sleep 0.5/.test(line))).toBe(true);
  expect(
    lines.some((line) => /now: first; next: second; .* its budgets end at .* after the impact/.test(line)),
    lines.join('\n'),
  ).toBe(true);
  expect(lines.findLast((line) => line.includes('second'))).toMatch(/second is done after/);
});

it('a run whose runner died is not followed for ever', async () => {
  const result = await run();
  const died = '01kanabandoned000000000000';
  for (const { kind, data } of bench.journal.records({ run: result.run }).slice(0, 2))
    bench.journal.append(kind, data, { run: died });
  const stream = { write: () => {}, isTTY: false, columns: 80 };
  const output = createOutput({ stream, silent: false, environment: {}, beforeLine: () => {} });
  const followed = await followRun(bench.workspace, died, output, new AbortController().signal);
  expect(followed.verdict).toBe('unfinished');
  expect(hasRunner(bench.workspace, readHistory(bench.journal, died))).toBe(false);
  const elsewhere = { ...bench.workspace, host: 'another machine' };
  expect(hasRunner(elsewhere, readHistory(bench.journal, died))).toBeUndefined();
});

it('a step without a budget makes the end unknown, and is named', async () => {
  const result = await run();
  const open = {
    ...result,
    steps: result.steps.map((step) => ({ ...step, state: 'pending' as const, budgetMs: undefined })),
  };
  expect(whereItStands(open, result.startedMs)).toContain('when it ends is unknown: first, second has no budget');
});
