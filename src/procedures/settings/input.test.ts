import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { runProcedure, type RunResult } from '../index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.close());

const run = (scenario: Scenario): Promise<RunResult> =>
  runProcedure({ scenario, environment: bench.environment, mode: 'real', tools: bench.tools, incident: brokeNow() });

const health = [{ kind: 'http', settings: 'http://127.0.0.1:1/health' }];
const unknown = [{ kind: 'workloads', settings: { cluster: 'main' } }];
const touch = (): StepDeclaration => stepOf('first', 'exec', ['touch', join(bench.folder, 'acted')]);

describe('a procedure that promises what nothing looks at yet', () => {
  it.each([
    ['a check after a step that nothing asks', { verify: unknown }],
    ['a check before a step that nothing asks', { guard: unknown }],
    ['another environment that cannot be had', { in: 'staging' }],
  ])('is refused before anything acts: %s', async (_, promise) => {
    const last = { ...stepOf('last', 'exec', ['true']), ...promise };
    await expect(run(scenarioOf(touch(), last))).rejects.toMatchObject({ code: 'plan.not_executable' });
    expect(existsSync(join(bench.folder, 'acted'))).toBe(false);
  });

  it.each(['success', 'invariants'] as const)('is refused before anything acts: unknown %s', async (key) => {
    await expect(run({ ...scenarioOf(touch()), [key]: unknown })).rejects.toMatchObject({
      code: 'plan.not_executable',
    });
    expect(existsSync(join(bench.folder, 'acted'))).toBe(false);
  });

  it('goes on where an `if` leaves it out', async () => {
    const left = { ...stepOf('last', 'exec', ['true'], { if: '${!environment.protected}' }), verify: health };
    expect((await run(scenarioOf(touch(), left))).verdict).toBe('done');
  });
});

describe('parameters of a scenario', () => {
  const parameters = new Map([['word', { type: 'text' as const, default: 'water' }]]);

  it('stand by their default in its steps', async () => {
    const result = await run({ ...scenarioOf(stepOf('say', 'exec', ['echo', '${parameters.word}'])), parameters });
    expect(result.steps[0]?.outputs['stdout']).toBe('water');
  });

  it('are what was typed, each of its type; what is missing, foreign or of another type is refused before anything acts', async () => {
    const asked = new Map([
      ['count', { type: 'number' as const }],
      ['pause', { type: 'duration' as const, default: '1ms' }],
    ]);
    const say = stepOf('say', 'exec', ['echo', '${string(parameters.count + 1.0)}', '${parameters.pause}']);
    const scenario = { ...scenarioOf(touch(), say), parameters: asked };
    const { environment, tools } = bench;
    const given = (typed: Record<string, string>): Promise<RunResult> =>
      runProcedure({ scenario, environment, mode: 'real', tools, incident: brokeNow(), parameters: typed });
    for (const wrong of [{}, { count: 'many' }, { count: '1', other: 'x' }, { count: '1', pause: 'soon' }]) {
      await expect(given(wrong as Record<string, string>)).rejects.toMatchObject({
        code: expect.stringMatching(/^input\./),
      });
    }
    expect(existsSync(join(bench.folder, 'acted'))).toBe(false);
    expect((await given({ count: '41', pause: '2ms' })).steps[1]?.outputs['stdout']).toBe('42 2ms');
  });

  it('without a default are not there, and the step that names one fails before it acts', async () => {
    const result = await run(scenarioOf(stepOf('say', 'exec', ['echo', '${parameters.word}'])));
    expect(result.steps[0]).toMatchObject({ state: 'failed', code: 'expression.invalid' });
  });
});
