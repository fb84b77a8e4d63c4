import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../core/index.ts';
import { listRuns, resumeRun, type RunResult } from '../index.ts';
import { makeBench, type Bench } from './bench.ts';
import { linesIn } from '../../testing/lines.ts';

const script = fileURLToPath(new URL('killed-runner.ts', import.meta.url));

const effects = (folder: string): string[] => linesIn(join(folder, 'ledger')).toSorted();

/** Runs the procedure in a process that is killed at the n-th record; how it ended. */
export const killedAt = (
  folder: string,
  call: number,
  when: 'before' | 'after',
): Promise<NodeJS.Signals | number | null> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [script, folder, String(call), when], { stdio: 'ignore' });
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });

/** Resumes until the run is done; where it asks, answers as a person who looks into the ledger. */
export async function resumeToTheEnd(bench: Bench, run: string): Promise<{ result: RunResult; asked: string[] }> {
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
export async function killAndFinish(
  call: number,
  when: 'before' | 'after',
): Promise<{ end: unknown; verdict: string; effects: string[]; questions: number }> {
  return killed((folder) => killedAt(folder, call, when));
}

/** The same, killed so many milliseconds after it was started. */
export const killLaterAndFinish = (afterMs: number): ReturnType<typeof killAndFinish> =>
  killed((folder) => killedAfter(folder, afterMs));

async function killed(kill: (folder: string) => Promise<unknown>): ReturnType<typeof killAndFinish> {
  const folder = mkdtempSync(join(tmpdir(), 'lifeboat-killed-'));
  const end = await kill(folder);
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
    rmSync(folder, { recursive: true, force: true });
  }
}

function killedAfter(folder: string, afterMs: number): Promise<NodeJS.Signals | number | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, folder, '0', 'never'], { stdio: 'ignore' });
    const timer = systemClock.sleep(afterMs).then(() => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => void timer.then(() => resolve(signal ?? code)));
  });
}
