import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { largePlan } from '../../src/plan/lint/testing/large-plan.ts';
import { run } from '../measure.ts';
import { attempt, measured, type Bench } from '../record.ts';
import type { Work } from '../tool.ts';
import { program } from '../tools/lifeboat.ts';

const starts = 7;
const [assets, scenarios] = [2000, 500];

/** How long a person waits for the least there is, and for a verdict on a large plan. */
export async function startSuite(bench: Bench): Promise<void> {
  if (bench.options.tools.length > 0 && !bench.options.tools.includes('lifeboat')) return;
  bench.say('Cold start of the command line, and the check of a large plan');
  const plan = join(bench.folder, 'large.yaml');
  await writeFile(plan, largePlan(assets, scenarios));
  await timed(bench, 'start', ['--help']);
  await timed(bench, 'check', ['check', '--plan', plan]);
}

/** Once before, because the first start of a new version compiles. */
async function timed(bench: Bench, work: Work, words: readonly string[]): Promise<void> {
  const once = () =>
    measured(bench, 'lifeboat', work, async (stopwatch) => void (await stopwatch.run([program, ...words])));
  const rounds = bench.profiling === undefined ? starts : 1;
  await run([program, ...words], bench.signal);
  for (let round = 0; round < rounds; round += 1) if (!(await attempt(bench, 'lifeboat', work, once))) return;
}
