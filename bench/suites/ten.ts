import { join } from 'node:path';
import { atRest, change } from '../database.ts';
import { removeFolder } from '../folder.ts';
import type { Measured } from '../measure.ts';
import { attempt, present, type Bench } from '../record.ts';
import type { PostgresTool } from '../tool.ts';
import { lifeboat } from '../tools/lifeboat.ts';
import { pgbackrest, pgbackrestIncremental } from '../tools/pgbackrest.ts';
import { restic } from '../tools/restic.ts';
import { bringBack, costOfBackup, prepare, type Prepared } from './postgres-works.ts';

const tools: readonly PostgresTool[] = [lifeboat, pgbackrest];
/** Left out by a quick run, which would not be one with forty backups. */
const more: readonly PostgresTool[] = [pgbackrestIncremental, restic];
const points = 10;
/** Other rows than the other suites change, so that each of the nine changes touches what no backup has seen. */
const firstChange = 41;

/** The cost of keeping ten points: a full backup, and nine more after a hundredth of the rows changed, by turns together and scattered. */
export async function tenSuite(bench: Bench): Promise<void> {
  const reason = bench.missing.get('pgbench');
  if (reason !== undefined) return void bench.omissions.push({ tool: 'ten', reason, failed: false });
  const { source } = await bench.database.get();
  const folder = join(bench.folder, 'ten');
  bench.say(`Ten points of one database`);
  const all: { one: Prepared; costs: Costs }[] = [];
  for (const tool of present(bench, bench.options.quick ? tools : [...tools, ...more])) {
    const one = await prepare(bench, source, tool, join(folder, tool.name.replaceAll(/\W/g, '-')));
    if (one !== undefined) all.push({ one, costs: [] });
  }
  let content = await atRest(source);
  for (let point = 0; point < points; point += 1) {
    if (point > 0) {
      await change(source, point % 2 === 1 ? 'contiguous' : 'scattered', firstChange + point);
      content = await atRest(source);
    }
    for (const { one, costs } of all)
      costs.push(await reasonOrResult(bench, () => costOfBackup(bench, source, one, 'ten', point === 0)));
    bench.say(`  point ${point + 1} of ${points}`);
  }
  for (const { one, costs } of all) {
    const whole = await attempt(bench, one.tool.name, 'ten', async () => sum(costs));
    if (whole) await bringBack(bench, source, one, content, 'ten-restore');
  }
  await removeFolder(folder);
}

type Cost = Measured & { storedBytes: number; plainBytes: number };
type Costs = (Cost | { failure: unknown })[];

/** The others go on; who failed once has no ten points and is told so at the end. */
async function reasonOrResult(bench: Bench, work: () => Promise<Cost>): Promise<Cost | { failure: unknown }> {
  try {
    return await work();
  } catch (failure) {
    bench.signal.throwIfAborted();
    return { failure };
  }
}

function sum(costs: Costs): Cost {
  const total = { seconds: 0, cpuSeconds: 0, peakBytes: 0, storedBytes: 0, plainBytes: 0 };
  for (const cost of costs) {
    if ('failure' in cost) throw cost.failure;
    total.seconds += cost.seconds;
    total.cpuSeconds += cost.cpuSeconds;
    total.peakBytes = Math.max(total.peakBytes, cost.peakBytes);
    total.storedBytes += cost.storedBytes;
    total.plainBytes += cost.plainBytes;
  }
  return total;
}
