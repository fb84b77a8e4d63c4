import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { measure } from '../measure.ts';
import { attempt, inTurn, prepared, present, type Bench } from '../record.ts';
import type { TreeRepository, TreeTool } from '../tool.ts';

export interface TreeSuite {
  readonly name: 'files' | 'sqlite';
  readonly tools: readonly TreeTool[];
  /** Makes the source. */
  make(path: string, signal: AbortSignal): Promise<void>;
  /** Changes a hundredth of it. */
  change(path: string, round: number): Promise<void>;
  /** Throws when `copy` is not what `source` is. Nobody's time. */
  compare(source: string, copy: string, signal: AbortSignal): Promise<void>;
}

/** Full, second and restore of a folder or a file, by every tool in turn. */
export async function treeSuite(bench: Bench, suite: TreeSuite): Promise<void> {
  const folder = join(bench.folder, suite.name);
  const source = join(folder, 'source');
  await mkdir(folder, { mode: 0o755 });
  await suite.make(source, bench.signal);
  try {
    const wanted = present(bench, suite.tools);
    for (let round = 0; round < bench.options.repetitions; round += 1) {
      bench.say(`${suite.name}, round ${round + 1} of ${bench.options.repetitions}`);
      await oneRound(bench, suite, source, inTurn(wanted, round), join(folder, String(round)));
      await suite.change(source, round * 2 + 1);
    }
  } finally {
    await removeFolder(folder);
  }
}

async function oneRound(
  bench: Bench,
  suite: TreeSuite,
  source: string,
  wanted: readonly TreeTool[],
  folder: string,
): Promise<void> {
  const round = Number(folder.split('/').at(-1));
  const taking: { tool: TreeTool; repository: TreeRepository }[] = [];
  for (const tool of wanted) {
    const place = join(folder, tool.name.replaceAll(/\W/g, '-'));
    await mkdir(place, { recursive: true });
    const repository = await prepared(bench, tool.name, () => tool.prepare(place, source, bench.signal));
    if (repository === undefined) continue;
    if (await backUp(bench, `${suite.name}-full`, tool, repository, source)) taking.push({ tool, repository });
  }
  await suite.change(source, round * 2);
  for (const { tool, repository } of taking) await backUp(bench, `${suite.name}-second`, tool, repository, source);
  for (const { tool, repository } of taking) {
    const target = join(folder, 'restored');
    await mkdir(target);
    await attempt(bench, tool.name, `${suite.name}-restore`, async () => {
      await settle(bench.signal, [repository.folder]);
      let copy = target;
      const measured = await measure(
        async (stopwatch) => void (copy = await repository.restore(stopwatch, target)),
        bench,
      );
      await suite.compare(source, copy, bench.signal);
      return { ...measured, plainBytes: await bytesIn(source) };
    });
    await removeFolder(target);
  }
  await removeFolder(folder);
}

const backUp = (
  bench: Bench,
  work: 'files-full' | 'files-second' | 'sqlite-full' | 'sqlite-second',
  tool: TreeTool,
  repository: TreeRepository,
  source: string,
): Promise<boolean> =>
  attempt(bench, tool.name, work, async () => {
    await settle(bench.signal, [source]);
    const before = await bytesIn(repository.folder);
    const measured = await measure((stopwatch) => repository.backup(stopwatch), bench);
    return { ...measured, storedBytes: (await bytesIn(repository.folder)) - before, plainBytes: await bytesIn(source) };
  });
