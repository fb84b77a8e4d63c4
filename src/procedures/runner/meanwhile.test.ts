import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StepDeclaration } from '../../plan/index.ts';
import { runProcedure, type RunResult, type StepKind } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';

let bench: Bench;
let going: string[];
/** Goes on until its signal, or breaks. */
const helper: StepKind = {
  kind: 'helper',
  schema: z.strictObject({ breaks: z.boolean() }),
  destructive: false,
  title: () => 'a helper',
  describe: async () => ({ certainty: 'unknown', text: '' }),
  run: async () => ({ state: 'done', outputs: {}, summary: 'begun' }),
  meanwhile: async ({ settings }, { signal, clock }) => {
    going.push('begun');
    if ((settings as { breaks: boolean }).breaks) throw new Error('it breaks');
    await clock.sleep(600_000, signal).catch(() => going.push('told to end')); // that is how it ends
    await clock.sleep(50);
    going.push('ended');
    return 'it helped';
  },
};
beforeEach(() => {
  going = [];
  bench = makeBench({ kinds: [helper] });
});
afterEach(() => bench.close());

const run = (breaks: boolean, ...more: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(stepOf('help', 'helper', { breaks }), ...more),
    environment: environmentIn(bench.folder),
    mode: 'real',
    tools: bench.tools,
    incident: brokeNow(),
  });
const records = () =>
  bench.journal.records({ kinds: ['step.meanwhile', 'run.finished'] }).map(({ kind, data }) => data['summary'] ?? kind);

describe('what a step leaves going on', () => {
  it('goes on beside the steps after it, and has ended before the run has', async () => {
    expect((await run(false, stepOf('rest', 'wait', '100ms'))).verdict).toBe('done');
    expect(going).toEqual(['begun', 'told to end', 'ended']);
    expect(records()).toEqual(['step.meanwhile', 'it helped', 'run.finished']);
  });

  it('ends too when the run waits for people, or fails', async () => {
    expect((await run(false, stepOf('ask', 'manual', 'look'))).verdict).toBe('needs-human');
    expect((await run(false, stepOf('bad', 'exec', { run: ['false'], repeatable: true }))).verdict).toBe('failed');
    expect(going.filter((line) => line === 'ended')).toHaveLength(2);
  });

  it('stops nothing when it breaks, and that is written down', async () => {
    expect((await run(true, stepOf('rest', 'wait', '50ms'))).verdict).toBe('done');
    expect(records()).toContain('it broke: it breaks');
  });
});
