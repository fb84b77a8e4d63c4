import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { attempt, inTurn, measured, prepared, present, type Bench } from '../record.ts';
import type { TreeRepository, TreeTool, Work } from '../tool.ts';

export interface TreeSuite {
  readonly name: 'files' | 'sqlite';
  readonly tools: readonly TreeTool[];
  /** Whether a backup of what has not changed is measured too. */
  readonly again: boolean;
  /** Makes the source. */
  make(path: string, signal: AbortSignal): Promise<void>;
  /** Whoever works with the source comes, and stays until the returned function is called. */
  open?(path: string): () => void;
  /** Changes a hundredth of it. */
  change(path: string, round: number): Promise<void>;
  /** Throws when `copy` is not what `source` is. Nobody's time. */
  compare(source: string, copy: string, signal: AbortSignal): Promise<void>;
}

interface Taking {
  readonly tool: TreeTool;
  readonly repository: TreeRepository;
}

/** Full, second and restore of a folder or a file, by every tool in turn. */
export async function treeSuite(bench: Bench, suite: TreeSuite): Promise<void> {
  const folder = join(bench.folder, suite.name);
  const source = join(folder, 'source');
  await mkdir(folder, { mode: 0o755 });
  try {
    bench.say(`${suite.name}: making the source`);
    await suite.make(source, bench.signal);
    const wanted = present(bench, suite.tools);
    for (let round = 0; round < bench.options.repetitions; round += 1) {
      bench.say(`${suite.name}, round ${round + 1} of ${bench.options.repetitions}`);
      await oneRound(bench, suite, source, inTurn(wanted, round), join(folder, String(round)), round);
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
  round: number,
): Promise<void> {
  const close = suite.open?.(source);
  try {
    const taking: Taking[] = [];
    for (const tool of wanted) {
      const place = join(folder, tool.name.replaceAll(/\W/g, '-'));
      await mkdir(place, { recursive: true });
      const repository = await prepared(bench, tool.name, () => tool.prepare(place, source, bench.signal));
      if (repository === undefined) continue;
      const one = { tool, repository };
      if (await backUp(bench, `${suite.name}-full`, one, source)) taking.push(one);
    }
    await suite.change(source, round * 2);
    for (const one of taking) await backUp(bench, `${suite.name}-second`, one, source);
    if (suite.again) for (const one of taking) await backUp(bench, 'files-same', one, source);
    for (const one of taking) await bringBack(bench, suite, one, source, join(folder, 'restored'));
  } finally {
    close?.();
    await removeFolder(folder);
  }
}

const backUp = (bench: Bench, work: Work, { tool, repository }: Taking, source: string): Promise<boolean> =>
  attempt(bench, tool.name, work, async () => {
    await settle(bench.signal, [source]);
    const before = await bytesIn(repository.folder);
    const cost = await measured(bench, tool.name, work, (stopwatch) => repository.backup(stopwatch));
    return { ...cost, storedBytes: (await bytesIn(repository.folder)) - before, plainBytes: await bytesIn(source) };
  });

async function bringBack(
  bench: Bench,
  suite: TreeSuite,
  { tool, repository }: Taking,
  source: string,
  target: string,
): Promise<void> {
  await mkdir(target);
  const work: Work = `${suite.name}-restore`;
  await attempt(bench, tool.name, work, async () => {
    await settle(bench.signal, [repository.folder]);
    let copy = target;
    const cost = await measured(
      bench,
      tool.name,
      work,
      async (stopwatch) => void (copy = await repository.restore(stopwatch, target)),
    );
    await suite.compare(source, copy, bench.signal);
    return { ...cost, plainBytes: await bytesIn(source) };
  });
  await removeFolder(target);
}
