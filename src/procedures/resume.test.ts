import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/index.ts';
import { openJournal } from '../journal/index.ts';
import type { Scenario } from '../plan/index.ts';
import { listRuns, resumeRun, runProcedure, type RunResult } from './index.ts';
import { brokeNow, makeBench, scenarioOf, stepOf, type Bench } from './testing/bench.ts';

const script = fileURLToPath(new URL('testing/killed-runner.ts', import.meta.url));
const folders: string[] = [];
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-killed-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const effects = (folder: string): string[] => {
  const ledger = join(folder, 'ledger');
  return existsSync(ledger) ? readFileSync(ledger, 'utf8').trim().split('\n').sort() : [];
};

/** Runs the procedure in a process that is killed at the n-th record; how it ended. */
const killedAt = (folder: string, call: number, when: 'before' | 'after'): Promise<NodeJS.Signals | number | null> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [script, folder, String(call), when], { stdio: 'ignore' });
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });

/** Resumes until the run is done; where it asks, answers as a person who looks into the ledger. */
async function resumeToTheEnd(bench: Bench, run: string): Promise<{ result: RunResult; asked: string[] }> {
  const asked: string[] = [];
  const request = { run, environment: bench.environment, tools: bench.tools };
  let result = await resumeRun(request);
  for (let round = 0; round < 5 && result.verdict === 'needs-human'; round += 1) {
    const { step } = result.questions[0] as { step: string };
    asked.push(step);
    const is = effects(bench.folder).includes(step) ? 'done' : 'again';
    result = await resumeRun({ ...request, answer: { step, is, by: 'duty' } });
  }
  return { result, asked };
}

/** Kills a runner at one record and brings its run to the end: what the world looks like then. */
async function killAndFinish(
  call: number,
  when: 'before' | 'after',
): Promise<{ end: unknown; verdict: string; effects: string[]; questions: number }> {
  const folder = newFolder();
  const end = await killedAt(folder, call, when);
  const bench = makeBench({ folder });
  try {
    bench.journal.verify();
    const [left] = listRuns(bench.journal);
    if (left === undefined) return { end, verdict: 'never began', effects: effects(folder), questions: 0 };
    if (left.verdict === 'done') return { end, verdict: 'done', effects: effects(folder), questions: 0 };
    const { result, asked } = await resumeToTheEnd(bench, left.run);
    return { end, verdict: result.verdict, effects: effects(folder), questions: asked.length };
  } finally {
    bench.close();
  }
}

describe('a runner killed with SIGKILL', () => {
  it('at any record leaves a run that comes to its end with each effect exactly once, or asks', async () => {
    const all = ['left', 'one', 'right', 'two'];
    let questions = 0;
    let call = 1;
    for (let killed = true; killed; call += 1) {
      const [before, after] = await Promise.all([killAndFinish(call, 'before'), killAndFinish(call, 'after')]);
      const first = call === 1 ? { verdict: 'never began', effects: [] } : { verdict: 'done', effects: all };
      expect({ call, ...before }).toMatchObject({ call, ...first });
      expect({ call, ...after }).toMatchObject({ call, verdict: 'done', effects: all });
      questions += before.questions + after.questions;
      killed = before.end === 'SIGKILL';
      expect(after.end).toBe(killed ? 'SIGKILL' : 0);
    }
    expect(call).toBeGreaterThanOrEqual(14); // each of the records of this procedure was a place to die
    expect(questions).toBeGreaterThan(0);
  }, 180_000);

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
