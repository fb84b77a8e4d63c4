import { expect, it } from 'vitest';
import { limits } from '../../core/index.ts';
import { makeBench, scenarioOf, stepOf } from '../testing/bench.ts';
import { runProcedure } from '../runner/runner.ts';
import { listRuns } from '../records/show.ts';
import { measuredIn } from './index.ts';
import type { RunResult, StepReport, StepState } from '../run-types.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { expectedOf, leftMs, measuredOf } from './expected.ts';
import { forecastOf, type Forecast } from './forecast.ts';

const nowMs = 1_000_000_000;
const step = (id: string, budgetMs?: number, more: Partial<StepDeclaration> = {}): StepDeclaration =>
  stepOf(id, 'exec', ['true'], { budgetMs, ...more });
const report = (id: string, state: StepState, more: Partial<StepReport> = {}): StepReport =>
  ({ id, kind: 'exec', state, startedMs: undefined, seconds: undefined, ...more }) as StepReport;
/** A run of before, with the seconds that its steps took. */
const before = (run: string, took: Readonly<Record<string, number>>, more: Partial<RunResult> = {}): RunResult =>
  ({
    run,
    scenario: 'broken',
    environment: 'production',
    mode: 'real',
    steps: Object.entries(took).map(([id, seconds]) => report(id, 'done', { seconds })),
    ...more,
  }) as RunResult;
const four = [4, 1, 2, 3].map((a) => before(`earlier ${a}`, { a, b: 10 * a }));

const forecast = (
  steps: readonly StepDeclaration[],
  reports: readonly StepReport[],
  { earlier = [], ...more }: { earlier?: readonly RunResult[]; shut?: { step: string; opensMs: number } } = {},
): Forecast => {
  const run = before('now', {}, { verdict: 'unfinished', steps: reports });
  const found = forecastOf({ steps, run, measured: measuredOf(run, earlier), nowMs, ...more });
  if (found === undefined) throw new Error('there is no forecast');
  return found;
};
const seconds = ({ p50EndMs, p90EndMs }: Forecast): number[] => [p50EndMs, p90EndMs].map((ms) => (ms - nowMs) / 1000);

it('what is left takes as long as in half, and in nine of ten, of the earlier runs of the same step', () => {
  const found = forecast([step('a', 60_000), step('b', 60_000)], [report('a', 'pending'), report('b', 'pending')], {
    earlier: four,
  });
  expect(seconds(found)).toEqual([2 + 20, 4 + 40]);
  expect(found).toMatchObject({ measured: ['a', 'b'], runsMin: 4, budgeted: [], unknown: [] });
});

it('fewer than three earlier runs say less than the budget, and neither says nothing', () => {
  const pending = ['a', 'b'].map((id) => report(id, 'pending'));
  const found = forecast([step('a', 60_000), step('b')], pending, { earlier: four.slice(0, 2) });
  expect(seconds(found)).toEqual([60, 60]);
  expect(found).toMatchObject({ measured: [], runsMin: undefined, budgeted: ['a'], unknown: ['b'] });
  expect(expectedOf(stepOf('rest', 'wait', '90s'), new Map())).toMatchObject({ runs: 0, p50Ms: 90_000 });
});

it('runs of another procedure, place or kind, of a rollback, and steps that were not done, tell nothing', () => {
  const run = before('now', { a: 0 });
  const others = [
    before('another procedure', { a: 1 }, { scenario: 'flooded' }),
    before('another place', { a: 1 }, { environment: 'bubble' }),
    before('a drill', { a: 1 }, { mode: 'drill' }),
    before('a rollback', { a: 1 }, { undoes: { run: 'x', leaves: [] } }),
    before('failed', {}, { steps: [report('a', 'failed', { seconds: 1 })] }),
    before('another kind', {}, { steps: [report('a', 'done', { kind: 'wait', seconds: 1 })] }),
    run,
  ];
  expect([...measuredOf(run, others)]).toEqual([]);
  expect([...measuredOf(run, [...others, ...four])]).toEqual([['a', [1000, 2000, 3000, 4000]]]);
});

it('of a step that runs, the earlier ones that took longer than it has tell what is left; where none did it is over any moment', () => {
  const [expected] = [expectedOf(step('a'), new Map([['a', [1_000, 2_000, 3_000, 10_000]]]))];
  if (expected === undefined) throw new Error('it was measured');
  expect(leftMs(expected, 0, 0.5)).toBe(2_000);
  expect(leftMs(expected, 2_500, 0.5)).toBe(500);
  expect(leftMs(expected, 2_500, 0.9)).toBe(7_500);
  expect(leftMs(expected, 11_000, 0.9)).toBe(0);
  const running = [report('a', 'running', { startedMs: nowMs - 2_500 }), report('b', 'pending')];
  expect(seconds(forecast([step('a'), step('b')], running, { earlier: four }))).toEqual([0.5 + 20, 1.5 + 40]);
  // A budget that is used up.
  expect(seconds(forecast([step('a', 1_000)], running.slice(0, 1)))).toEqual([0, 0]);
});

it('what is over takes no time, and what the commit keeps open does not count', () => {
  const steps = [step('a', 9_000), step('b', 5_000), { ...step('keep', 99_000), kind: 'commit' }];
  const reports = [report('a', 'done'), report('b', 'pending'), report('keep', 'pending', { kind: 'commit' })];
  expect(seconds(forecast(steps, reports))).toEqual([5, 5]);
  const kept = before(
    'now',
    {},
    { verdict: 'needs-human', steps: [report('keep', 'needs-human', { kind: 'commit' })] },
  );
  expect(forecastOf({ steps, run: kept, measured: new Map(), nowMs })).toBeUndefined();
  const over = before('now', {}, { verdict: 'failed', steps: reports });
  expect(forecastOf({ steps, run: over, measured: new Map(), nowMs })).toBeUndefined();
});

it('steps side by side end with the longest, so many at once as the plan lets; what needs only one of them does not wait for the others', () => {
  const inside = ['x', 'y', 'z'].map((id, at) => step(id, (at + 1) * 10_000));
  const pending = ['both', 'x', 'y', 'z', 'last'].map((id) => report(id, 'pending'));
  const both = (settings: object): StepDeclaration => stepOf('both', 'parallel', settings, { steps: inside });
  expect(seconds(forecast([both({}), step('last', 1_000)], pending))).toEqual([31, 31]);
  expect(seconds(forecast([both({ limit: 1 }), step('last', 1_000)], pending))).toEqual([61, 61]);
  expect(seconds(forecast([both({ limit: 2 }), step('last', 1_000)], pending))).toEqual([41, 41]);
  const early = step('last', 25_000, { needs: ['x'] });
  expect(seconds(forecast([both({}), early], pending))).toEqual([35, 35]);
});

it('of a choice the longest way counts until one is chosen, and a window that has not opened is waited for', () => {
  const ways = [
    { name: 'short', steps: [step('s', 1_000)] },
    { name: 'long', steps: [step('l', 50_000)] },
  ];
  const choose = stepOf('way', 'choose', {}, { options: ways } as unknown as Partial<StepDeclaration>);
  const open = ['way', 's', 'l'].map((id) => report(id, 'pending'));
  expect(seconds(forecast([choose], open))).toEqual([50, 50]);
  const chosen = [report('way', 'running'), report('s', 'pending'), report('l', 'skipped')];
  expect(seconds(forecast([choose], chosen))).toEqual([1, 1]);
  const shut = { step: 'a', opensMs: nowMs + 30_000 };
  expect(seconds(forecast([step('a', 5_000)], [report('a', 'pending')], { shut }))).toEqual([35, 35]);
});

it('is the same read from the journal as from the list of runs, however often the procedure was taken back since', async () => {
  const bench = makeBench();
  try {
    const { tools, environment, journal } = bench;
    const scenario = scenarioOf(stepOf('a', 'exec', ['true']));
    const incident = { impactMs: 0, declaredMs: 0, lastGoodMs: 0 };
    const run = () => runProcedure({ scenario, environment, mode: 'real', tools, incident });
    for (let earlier = 0; earlier < limits.forecastRunsMin; earlier += 1) await run();
    const [begun] = journal.records({ kinds: ['run.started'] });
    for (let back = 0; back <= limits.forecastRunsMax; back += 1)
      journal.append('run.started', { ...begun?.data, undoes: { run: 'x', leaves: [] } }, { run: `back ${back}` });
    const now = await run();
    expect(measuredIn(journal, now).get('a')).toHaveLength(limits.forecastRunsMin);
    expect(measuredIn(journal, now)).toEqual(measuredOf(now, listRuns(journal)));
  } finally {
    bench.close();
  }
});
