import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../../src/core/index.ts';
import { bytesIn, removeFolder } from '../folder.ts';
import { makeStore, type Shape } from '../growth/stores.ts';
import { measure } from '../measure.ts';
import { growthPlot, type GrowthPoint } from '../output/growth-plot.ts';
import type { Bench } from '../record.ts';
import { program } from '../tools/lifeboat.ts';

/** By number of points, of little data. */
const byPoints = (quick: boolean): Shape[] =>
  [10, 100, 1_000, ...(quick ? [] : [3_000, 10_000])].map((points) => ({ points, files: 8, fileBytes: 4_000 }));
/** By size, of a hundred points, each of which brings one new file. */
const bySize = (quick: boolean): Shape[] =>
  (quick ? [100e6] : [1e9, 3e9, 10e9]).map((bytes) => ({ points: 100, files: 4, fileBytes: Math.round(bytes / 104) }));

const commands: Readonly<Record<GrowthPoint['work'], readonly string[]>> = {
  points: ['points'],
  backup: ['backup'],
  restore: ['restore', 'data', '--to', './restored'],
  // Points went behind the back of this machine's journal.
  prune: ['store', 'prune', '--yes'],
};

/** What commands cost as a store grows, by points and by bytes; a figure and a plot of their own in the folder of results. */
export async function growthSuite(bench: Bench): Promise<void> {
  const { quick, resultsFolder } = bench.options;
  const measured: GrowthPoint[] = [];
  for (const [axis, shapes] of [
    ['points', byPoints(quick)],
    ['bytes', bySize(quick)],
  ] as const) {
    for (const shape of shapes) {
      measured.push(...(await measureOne(bench, axis, shape)));
      // After each: the largest take long, and what was measured before them counts without them.
      await mkdir(resultsFolder, { recursive: true });
      await writeFile(join(resultsFolder, 'growth.json'), `${JSON.stringify(measured, undefined, 2)}\n`);
      await writeFile(join(resultsFolder, 'growth.svg'), growthPlot(measured));
    }
  }
}

async function measureOne(bench: Bench, axis: GrowthPoint['axis'], shape: Shape): Promise<GrowthPoint[]> {
  const folder = join(bench.folder, 'growth');
  const found: GrowthPoint[] = [];
  try {
    await makeStore(folder, shape, bench.signal);
    const storedBytes = await bytesIn(join(folder, 'store'));
    bench.say(`Growth: ${shape.points} points, ${formatBytes(storedBytes)}`);
    for (const [work, words] of Object.entries(commands) as [GrowthPoint['work'], readonly string[]][]) {
      const cost = await measure(
        async (stopwatch) => void (await stopwatch.run([program, ...words], { cwd: folder })),
        { signal: bench.signal },
      );
      found.push({ axis, work, points: shape.points, storedBytes, ...cost });
      bench.say(`  ${work.padEnd(8)} ${cost.seconds.toFixed(2)} s, ${formatBytes(cost.peakBytes)}`);
    }
    return found;
  } finally {
    await removeFolder(folder);
  }
}
