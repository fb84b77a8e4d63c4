import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/index.ts';
import { openJournal } from '../../journal/index.ts';
import type { Scenario, StepDeclaration } from '../../plan/index.ts';
import { listRuns, resumeRun, runProcedure } from '../index.ts';
import { killAndFinish, killedAt, resumeToTheEnd } from '../testing/kill-runner.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from '../testing/bench.ts';
import { resumeInterrupted } from '../testing/interrupted.ts';

const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-killed-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const all = ['left', 'one', 'right', 'two'];

describe('a runner killed with SIGKILL', () => {
  // The long test kills at every record, and at random instants; these are: an intent, an effect, both sides of a parallel, a wait.
  it.each([
    [1, 'after'],
    [3, 'before'],
    [5, 'after'],
    [8, 'before'],
    [10, 'after'],
  ] as const)(
    'at record %i leaves a run that comes to its end with each effect once, or asks (%s it)',
    async (call, when) => {
      expect(await killAndFinish(call, when)).toMatchObject({ end: 'SIGKILL', verdict: 'done', effects: all });
    },
  );

  it('leaves a program that is ended before anything is done again: two of them never act at once', async () => {
    const bench = makeBench();
    const ledger = join(bench.folder, 'ledger');
    const slow = stepOf('slow', 'exec', {
      run: ['sh', '-c', 'sleep 1.5; echo late >> "$0"', ledger],
      repeatable: true,
    });
    const started = await startedOnly(bench, slow);
    // What a killed runner leaves: its program goes on, with the mark of its step.
    const orphan = spawn('sh', ['-c', 'sleep 1.5; echo late >> "$0"', ledger], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, LIFEBOAT_STEP: '01kanorphan000000000000000/slow' },
    });
    orphan.unref();
    const result = await resumeRun({ run: started, environment: bench.environment, tools: bench.tools });
    expect(result.verdict).toBe('done');
    await systemClock.sleep(300);
    expect(readFileSync(ledger, 'utf8')).toBe('late\n');
    bench.close();
  });

  it('does not depend on the plan any more: the run took its procedure with it', async () => {
    const folder = newFolder();
    await killedAt(folder, 6, 'after');
    const bench = makeBench({ folder });
    expect(bench.workspace.plan.scenarios.size).toBe(0);
    const [left] = listRuns(bench.journal);
    const { result } = await resumeToTheEnd(bench, left?.run ?? '');
    expect(result.verdict).toBe('done');
    bench.close();
  });
});

it('a run keeps the parameters of its scenario when it is gone on with', async () => {
  const bench = makeBench();
  const ledger = join(bench.folder, 'ledger');
  const needsLedger = stepOf('looks', 'exec', { run: ['test', '-e', ledger], repeatable: true });
  const writes = stepOf('writes', 'exec', ['sh', '-c', 'echo "$1" >> "$0"', ledger, '${parameters.word}']);
  const scenario: Scenario = {
    ...scenarioOf(needsLedger, writes),
    parameters: new Map([['word', { type: 'text', default: 'kept' }]]),
  };
  const { environment, tools } = bench;
  const failed = await runProcedure({
    run: '01kanparameters0000000000',
    scenario,
    environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
  });
  expect(failed.verdict).toBe('failed');
  writeFileSync(ledger, '');
  const result = await resumeRun({ run: failed.run, environment, tools });
  expect(result).toMatchObject({ verdict: 'done' });
  expect(readFileSync(ledger, 'utf8')).toBe('kept\n');
  bench.close();
});

describe('a step that says whether it may be done twice', () => {
  it('is done again without a question after a crash where it may, and asked about where it may not', async () => {
    const bench = makeBench();
    const resumed = (more: Partial<StepDeclaration>, kind = 'exec', settings: unknown = ['true']) =>
      resumeInterrupted(bench, stepOf('act', kind, settings, more), undefined);
    expect((await resumed({})).verdict).toBe('needs-human');
    expect((await resumed({ idempotent: true })).verdict).toBe('done');
    expect((await resumed({ idempotent: false }, 'exec', { run: ['true'] })).verdict).toBe('needs-human');
    expect((await resumed({}, 'wait', '1ms')).verdict).toBe('done');
    bench.close();
  });

  it('is not tried again by itself where it may not', async () => {
    const bench = makeBench();
    const tried = async (idempotent: boolean): Promise<unknown> => {
      const step = stepOf('act', 'exec', ['false'], { idempotent, retry: { times: 2, pauseMs: 1 } });
      const { environment, tools } = bench;
      const result = await runProcedure({
        scenario: scenarioOf(step),
        environment,
        mode: 'real',
        tools,
        incident: brokeNow(),
      });
      return result.steps[0]?.attempts;
    };
    expect([await tried(true), await tried(false)]).toEqual([3, 1]);
    bench.close();
  });
});

/** A run whose records end after `step.started` of its only step. */
async function startedOnly(bench: Bench, step: ReturnType<typeof stepOf>): Promise<string> {
  const run = '01kanorphan000000000000000';
  const aside = newFolder();
  const other = openJournal(join(aside, 'journal.db'), { clock: systemClock, host: 'bench' });
  const stop = new AbortController();
  const tools = { ...bench.tools, workspace: { ...bench.workspace, journal: other } };
  const running = runProcedure({
    run,
    scenario: scenarioOf(step),
    environment: bench.environment,
    mode: 'real',
    tools,
    incident: brokeNow(),
    signal: stop.signal,
  });
  await systemClock.sleep(50);
  stop.abort();
  await running;
  for (const record of other.records({ run }).slice(0, 2)) bench.journal.append(record.kind, record.data, { run });
  other.close();
  return run;
}

it('a run that is unknown cannot be resumed', async () => {
  const bench = makeBench();
  await expect(resumeRun({ run: 'nobody', environment: bench.environment, tools: bench.tools })).rejects.toMatchObject({
    code: 'run.missing',
  });
  bench.close();
});
