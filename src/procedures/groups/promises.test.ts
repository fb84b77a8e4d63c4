import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckSpec } from '../../checks/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { resumeRun, runProcedure, type RunResult } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { fastClock } from '../testing/fast-clock.ts';

let bench: Bench;
let scenarios: Map<string, Scenario>;
beforeEach(() => {
  scenarios = new Map();
  bench = makeBench({ plan: { scenarios }, clock: fastClock(10) });
});
afterEach(() => bench.close());

const run = (mode: 'real' | 'drill', ...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: { ...bench.environment, ephemeral: mode === 'drill' },
    mode,
    tools: bench.tools,
    incident: brokeNow(),
  });
const resume = ({ run: id }: RunResult): Promise<RunResult> =>
  resumeRun({ run: id, environment: bench.environment, tools: bench.tools });
const file = (name: string): string => join(bench.folder, name);
const isThere = (name: string): CheckSpec => ({ kind: 'file', settings: { path: file(name) } });
const touch = (name: string): StepDeclaration => stepOf(name, 'exec', ['touch', file(name)]);
const both = (more: Partial<StepDeclaration>): StepDeclaration =>
  stepOf('both', 'parallel', {}, { steps: [touch('one'), touch('two')], ...more });
const call = (inner: Partial<Scenario>, ...steps: readonly StepDeclaration[]): StepDeclaration => {
  scenarios.set('inner', { ...scenarioOf(...steps), name: 'inner', ...inner });
  return stepOf('go', 'call', 'inner');
};
const states = ({ steps }: RunResult): string[] => steps.map(({ id, state }) => `${id} ${state}`);

describe('a group', () => {
  it('whose guard is red begins none of its steps, until it is green', async () => {
    const stopped = await run('real', both({ guard: [isThere('ready')] }));
    expect(states(stopped)).toEqual(['both failed', 'one pending', 'two pending']);
    expect(stopped.steps[0]?.code).toBe('step.guarded');
    writeFileSync(file('ready'), '');
    expect((await resume(stopped)).verdict).toBe('done');
  });

  it('whose verify is red has failed although its steps are done, and is only looked at again', async () => {
    const failed = await run('real', both({ verify: [isThere('good')] }), touch('after'));
    expect(states(failed)).toEqual(['both failed', 'one done', 'two done', 'after pending']);
    rmSync(file('one'));
    writeFileSync(file('good'), '');
    expect((await resume(failed)).verdict).toBe('done');
    expect([existsSync(file('one')), existsSync(file('after'))]).toEqual([false, true]);
  });

  it('is looked at as often as it would be tried', async () => {
    const late = stepOf('late', 'exec', ['sh', '-c', 'sleep 0.3; touch "$0"', file('good')]);
    const eager = { ...both({ verify: [isThere('good')] }), needs: [], retry: { times: 50, pauseMs: 500 } };
    expect((await run('real', late, eager)).verdict).toBe('done');
  });
});

describe('a called scenario', () => {
  it('has to bring about what it calls success', async () => {
    const failed = await run('real', call({ success: [isThere('good')] }, touch('one')), touch('after'));
    expect(states(failed)).toEqual(['go failed', 'go.one done', 'after pending']);
    writeFileSync(file('good'), '');
    expect((await resume(failed)).verdict).toBe('done');
  });

  it('is stopped when what must stay true meanwhile is not, and only meanwhile', async () => {
    const rm = stepOf('rm', 'exec', ['rm', file('alive')]);
    writeFileSync(file('alive'), '');
    const going = call(
      { invariants: [isThere('alive')] },
      touch('one'),
      rm,
      stepOf('pause', 'wait', '15s'),
      touch('two'),
    );
    const stopped = await run('real', going, touch('after'));
    expect(stopped).toMatchObject({ verdict: 'needs-human', reason: { code: 'run.breached' } });
    expect(existsSync(file('two'))).toBe(false);
    writeFileSync(file('alive'), '');
    expect((await resume(stopped)).verdict).toBe('done');
    rmSync(file('two'));
    const later = await run('real', call({ invariants: [isThere('alive')] }, touch('one')), rm, touch('two'));
    expect(later.verdict).toBe('done');
  });

  it('promises nothing outside of a bubble that is drilled, and the evidence says so', async () => {
    const outside: CheckSpec = { kind: 'http', settings: 'https://shop.example/health' };
    const drilled = await run('drill', call({ success: [outside], invariants: [outside] }, touch('one')));
    expect(drilled.verdict).toBe('done');
    expect(drilled.unexercised).toHaveLength(2);
  });
});
