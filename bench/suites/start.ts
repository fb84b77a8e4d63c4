import { run } from '../measure.ts';
import { attempt, measured, type Bench } from '../record.ts';
import { program } from '../tools/lifeboat.ts';

const starts = 7;

/** How long a person waits for the least there is. Once before, because the first start of a new version compiles. */
export async function startSuite(bench: Bench): Promise<void> {
  if (bench.options.tools.length > 0 && !bench.options.tools.includes('lifeboat')) return;
  bench.say('Cold start of the command line');
  const help = () =>
    measured(bench, 'lifeboat', 'start', async (stopwatch) => void (await stopwatch.run([program, '--help'])));
  const rounds = bench.profiling === undefined ? starts : 1;
  await run([program, '--help'], bench.signal);
  for (let round = 0; round < rounds; round += 1) if (!(await attempt(bench, 'lifeboat', 'start', help))) return;
}
