import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError, systemClock } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { resumeRun, runProcedure, type RunResult } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { fastClock } from '../testing/fast-clock.ts';

let bench: Bench;
let alive = '';
beforeEach(() => {
  bench = makeBench({ clock: fastClock(10) });
  alive = join(bench.folder, 'alive');
  writeFileSync(alive, '');
});
afterEach(() => bench.close());

const run = (scenario: Scenario, mode: 'real' | 'drill' = 'real'): Promise<RunResult> =>
  runProcedure({
    scenario,
    environment: { ...environmentIn(bench.folder), ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });
const resume = ({ run: id }: RunResult, despite?: string): Promise<RunResult> =>
  resumeRun({
    run: id,
    environment: bench.environment,
    tools: bench.tools,
    ...(despite === undefined ? {} : { despite }),
  });
const there = (): Pick<Scenario, 'invariants'> => ({ invariants: [{ kind: 'file', settings: { path: alive } }] });
const made = (): string => join(bench.folder, 'made');
const touch = stepOf.bind(undefined, 'touch', 'exec');

describe('an invariant', () => {
  it('that is red before the run begins keeps it from acting, until it is green', async () => {
    rmSync(alive);
    const stopped = await run({ ...scenarioOf(touch(['touch', made()])), ...there() });
    expect(stopped).toMatchObject({ verdict: 'needs-human', reason: { code: 'run.breached' } });
    expect(existsSync(made())).toBe(false);
    expect((await resume(stopped)).verdict).toBe('needs-human');
    writeFileSync(alive, '');
    expect((await resume(stopped)).verdict).toBe('done');
    expect(existsSync(made())).toBe(true);
  });

  it('that a step breaks stops the run before the next one; what runs ends by itself; a person may go on despite it', async () => {
    const breaks = stepOf('breaks', 'exec', ['sh', '-c', 'rm "$0"; sleep 2.5', alive]);
    const stopped = await run({ ...scenarioOf(breaks, touch(['touch', made()])), ...there() });
    expect(stopped.verdict).toBe('needs-human');
    expect(stopped.steps.map(({ state }) => state)).toEqual(['done', 'pending']);
    expect(existsSync(made())).toBe(false);
    expect((await resume(stopped, 'they are lost anyway')).verdict).toBe('done');
    expect(bench.journal.records({ kinds: ['run.breached'] }).at(-1)?.data['despite']).toBe('they are lost anyway');
  });

  it('outside of a bubble is not exercised in a drill, and the evidence says so', async () => {
    const outside = { invariants: [{ kind: 'http', settings: 'https://shop.example/health' }] };
    const result = await run({ ...scenarioOf(touch(['true'])), ...outside }, 'drill');
    expect(result.verdict).toBe('done');
    expect(result.unexercised).toEqual([expect.stringContaining('may not ask shop.example')]);
  });
});

describe('a watch that cannot write down what it saw', () => {
  it('ends the run with that error, and not the process', async () => {
    const { journal } = bench.workspace;
    const full: Journal = {
      append: (kind, ...rest) => {
        if (kind === 'run.breached') throw new LifeboatError('disk.full', 'no room is left');
        return journal.append(kind, ...rest);
      },
      records: (filter) => journal.records(filter),
      last: () => journal.last(),
      rows: (after, most) => journal.rows(after, most),
      remember: (chain, rows) => journal.remember(chain, rows),
      verify: (known) => journal.verify(known),
      close: () => journal.close(),
    };
    const tools = { ...bench.tools, workspace: { ...bench.workspace, journal: full } };
    const scenario = { ...scenarioOf(touch(['sh', '-c', 'rm "$0"; sleep 60', alive])), ...there() };
    const { environment } = bench;
    const running = runProcedure({ scenario, environment, mode: 'real', tools, incident: brokeNow() });
    await expect(running).rejects.toMatchObject({ code: 'disk.full' });
  });
});

describe('a run that is told to stop', () => {
  it('while what it was for is asked has an end of its own', async () => {
    const stop = new AbortController();
    const success = [{ kind: 'command', settings: { run: ['sleep', '60'] } }];
    const running = runProcedure({
      scenario: { ...scenarioOf(touch(['true'])), success },
      environment: bench.environment,
      mode: 'real',
      tools: bench.tools,
      incident: brokeNow(),
      signal: stop.signal,
    });
    while (bench.journal.records({ kinds: ['step.finished'] }).length === 0) await systemClock.sleep(5);
    stop.abort(new LifeboatError('operation.cancelled', 'somebody said so'));
    expect((await running).verdict).toBe('cancelled');
    expect(bench.journal.records({ kinds: ['run.finished'] })).toHaveLength(1);
  });
});

describe('success', () => {
  it('is what a run whose steps are all done is judged by, and is asked again by a resume', async () => {
    const success = [{ kind: 'file', settings: { path: made() } }];
    const failed = await run({ ...scenarioOf(touch(['true'])), success });
    expect(failed).toMatchObject({ verdict: 'failed', steps: [{ state: 'done' }], reason: { code: 'check.failed' } });
    writeFileSync(made(), '');
    expect((await resume(failed)).verdict).toBe('done');
  });
});
