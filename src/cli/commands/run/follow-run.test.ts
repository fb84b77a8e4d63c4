import { afterEach, beforeEach, expect, it } from 'vitest';
import { isoTime, systemClock } from '../../../core/index.ts';
import {
  forecastRun,
  hasRunner,
  measuredIn,
  readHistory,
  runProcedure,
  type Measured,
  type RunResult,
} from '../../../procedures/index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../../../procedures/testing/bench.ts';
import { followRun, whereItStands } from './follow-run.ts';
import { createOutput } from '../../output.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const id = '01kanfollowed0000000000000';
const run = (as = id): Promise<RunResult> =>
  runProcedure({
    run: as,
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

it('a step that neither a budget nor earlier runs tell of makes the end unknown, and is named', async () => {
  const result = await run();
  const history = readHistory(bench.journal, result.run);
  const { snapshot } = history.started;
  const steps = snapshot.steps.map((step) => ({ ...step, budgetMs: undefined }));
  const unplanned = { ...history, started: { ...history.started, snapshot: { ...snapshot, steps } } };
  const open: RunResult = {
    ...result,
    verdict: 'unfinished',
    steps: result.steps.map((step) => ({ ...step, state: 'pending', startedMs: undefined })),
  };
  const said = (measured: Measured): string =>
    whereItStands(open, forecastRun(unplanned, open, measured, result.startedMs), result.startedMs);
  expect(said(new Map())).toContain('when it ends is unknown: nothing tells how long first, second takes; not before');
  // Three earlier runs do.
  const times = [1_000, 2_000, 60_000];
  const [likely, late] = [4_000, 120_000].map((ms) => isoTime(result.startedMs + ms));
  const known = said(new Map(['first', 'second'].map((step) => [step, times])));
  expect(known).toContain(`it ends at ${likely}, `);
  expect(known).toMatch(new RegExp(`\\(P50\\), or ${late} \\(P90\\), by at least 3 earlier runs$`));
});

it('what earlier runs of the same procedure took is read from the journal', async () => {
  for (const earlier of ['one', 'two', 'three']) await run(`01kanearlier${earlier.padEnd(14, '0')}`);
  const last = await run();
  const measured = measuredIn(bench.journal, last);
  expect([...measured.keys()]).toEqual(['first', 'second']);
  expect(measured.get('first')).toHaveLength(3);
  expect(Math.min(...(measured.get('first') ?? []))).toBeGreaterThanOrEqual(500);
});
