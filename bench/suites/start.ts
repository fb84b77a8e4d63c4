import { measure } from '../measure.ts';
import { attempt, type Bench } from '../record.ts';
import { program } from '../tools/lifeboat.ts';

const starts = 7;

/** How long a person waits for the least there is. Once before, because the first start of a new version compiles. */
export async function startSuite(bench: Bench): Promise<void> {
  bench.say('Cold start of the command line');
  const help = () => measure(async (stopwatch) => void (await stopwatch.run([program, '--help'])), bench);
  await help();
  for (let round = 0; round < starts; round += 1) if (!(await attempt(bench, 'lifeboat', 'start', help))) return;
}
