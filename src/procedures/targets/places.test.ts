import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import { holdTarget } from './hold.ts';
import { describeProcedure, rollbackRun, runProcedure, type RunnerTools, type RunResult } from '../index.ts';
import { brokeNow, environmentIn, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { linesIn } from '../../testing/lines.ts';

let bench: Bench;
let tools: RunnerTools;
beforeEach(() => {
  bench = makeBench();
  tools = {
    ...bench.tools,
    environment: (name) => {
      if (name !== 'far') throw new LifeboatError('plan.unknown_name', `the plan has no environment ${name}`);
      return { ...environmentIn(join(bench.folder, 'far')), name: 'far', protected: false };
    },
  };
});
afterEach(() => bench.close());

const say = (id: string, more: Partial<StepDeclaration> = {}): StepDeclaration =>
  stepOf(id, 'exec', ['sh', '-c', 'echo "$1" >> "$0"', join(bench.folder, 'ledger'), '${environment.name}'], more);
const run = (mode: 'real' | 'drill', ...steps: readonly StepDeclaration[]): Promise<RunResult> =>
  runProcedure({
    scenario: scenarioOf(...steps),
    environment: {
      ...bench.environment,
      name: mode === 'drill' ? 'bubble' : 'production',
      ephemeral: mode === 'drill',
    },
    mode,
    tools,
    incident: brokeNow(),
  });
const ledger = (): string[] => linesIn(join(bench.folder, 'ledger'));

describe('a step with another environment', () => {
  it('acts there, and so does all inside of it; the others act where the run does', async () => {
    const group = stepOf('both', 'parallel', { limit: 1 }, { in: 'far', steps: [say('two'), say('three')] });
    expect((await run('real', say('one'), group, say('four'))).verdict).toBe('done');
    expect(ledger()).toEqual(['production', 'far', 'far', 'production']);
  });

  it('is held there too: where another runner acts, the run does not begin, and holds nothing', async () => {
    const held = holdTarget(bench.workspace, 'far', 'another');
    await expect(run('real', say('one', { in: 'far' }))).rejects.toMatchObject({ code: 'run.held' });
    held.release();
    holdTarget(bench.workspace, 'production', 'another').release();
    expect((await run('real', say('one', { in: 'far' }))).verdict).toBe('done');
  });

  it('stays in the bubble when it is drilled', async () => {
    expect((await run('drill', say('one', { in: 'far' }))).verdict).toBe('done');
    expect(ledger()).toEqual(['bubble']);
  });

  it('that nobody knows keeps the run from beginning', async () => {
    await expect(run('real', say('one', { in: 'nowhere' }))).rejects.toMatchObject({ code: 'plan.unknown_name' });
    expect(bench.journal.records()).toEqual([]);
  });

  it('is taken back there', async () => {
    const undoBy = say('back');
    const done = await run('real', say('one', { in: 'far', undoBy }));
    await rollbackRun({ run: done.run, environment: bench.environment, tools });
    expect(ledger()).toEqual(['far', 'far']);
  });

  it('is in a group that a dry run says is no surer than what is in it', async () => {
    const { environment } = bench;
    const scenario = scenarioOf(stepOf('both', 'parallel', {}, { steps: [stepOf('rest', 'wait', '1s'), say('two')] }));
    const described = await describeProcedure({ scenario, environment, tools, incident: brokeNow() });
    expect(described.map(({ certainty }) => certainty)).toEqual(['unknown', 'proved', 'unknown']);
  });

  it('is described for there', async () => {
    const { environment } = bench;
    const scenario = scenarioOf(say('one', { in: 'far', if: '${environment.name == "far"}' }));
    const described = await describeProcedure({ scenario, environment, tools, incident: brokeNow() });
    expect(described).toMatchObject([{ in: 'far', runs: true }]);
  });
});
