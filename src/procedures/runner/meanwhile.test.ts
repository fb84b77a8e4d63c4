import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { runProcedure, type RunResult, type StepKind } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { fastClock } from '../testing/fast-clock.ts';

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

  it('that does not end keeps the run from its end only for a while', async () => {
    bench.close();
    const deaf: StepKind = { ...helper, meanwhile: () => new Promise(() => {}) };
    bench = makeBench({ kinds: [deaf], clock: fastClock(100) });
    expect((await run(false)).verdict).toBe('done');
  });

  it('and cannot be written down ends the run with that error, and not the process', async () => {
    const { journal } = bench.workspace;
    const full: Journal = {
      append: (kind, ...rest) => {
        if (kind === 'step.meanwhile') throw new LifeboatError('disk.full', 'no room is left');
        return journal.append(kind, ...rest);
      },
      records: (filter) => journal.records(filter),
      last: () => journal.last(),
      rows: (after, most) => journal.rows(after, most),
      remember: (chain, rows) => journal.remember(chain, rows),
      verify: (known) => journal.verify(known),
      close: () => journal.close(),
    };
    const running = runProcedure({
      scenario: scenarioOf(stepOf('help', 'helper', { breaks: false }), stepOf('rest', 'wait', '60s')),
      environment: environmentIn(bench.folder),
      mode: 'real',
      tools: { ...bench.tools, workspace: { ...bench.workspace, journal: full } },
      incident: brokeNow(),
    });
    await expect(running).rejects.toMatchObject({ code: 'disk.full' });
  });

  it('stops nothing when it breaks, and that is written down', async () => {
    expect((await run(true, stepOf('rest', 'wait', '50ms'))).verdict).toBe('done');
    expect(records()).toContain('it broke: it breaks');
  });
});
