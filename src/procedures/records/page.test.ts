import { afterEach, beforeEach, expect, it } from 'vitest';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { listRuns, pageOfRuns, runProcedure } from '../index.ts';

let bench: Bench;
beforeEach(() => (bench = makeBench()));
afterEach(() => bench.close());

const run = async (): Promise<string> => {
  const { tools, environment } = bench;
  const scenario = scenarioOf(stepOf('look', 'exec', ['true']));
  return (await runProcedure({ scenario, environment, mode: 'real', tools, incident: brokeNow() })).run;
};

it('runs come in pages, the newest first, each as a list of all shows it', async () => {
  const runs: string[] = [];
  for (let turn = 0; turn < 5; turn += 1) runs.unshift(await run());
  const first = pageOfRuns(bench.journal, { limit: 2 });
  const second = pageOfRuns(bench.journal, { limit: 2, after: first.next });
  const third = pageOfRuns(bench.journal, { limit: 2, after: second.next });
  const pages = [first, second, third];
  expect(pages.flatMap((page) => page.runs)).toEqual(listRuns(bench.journal));
  expect(pages.map(({ total, next }) => [total, next])).toEqual([
    [5, runs[1]],
    [5, runs[3]],
    [5, undefined],
  ]);
});

it('of no run there is one page, and none begins behind a run that there is not', () => {
  expect(pageOfRuns(bench.journal, { limit: 2 })).toEqual({ runs: [], total: 0, next: undefined });
  expect(() => pageOfRuns(bench.journal, { limit: 2, after: 'x' })).toThrow(
    expect.objectContaining({ code: 'input.flag' }),
  );
});
