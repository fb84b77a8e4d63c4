import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../src/core/index.ts';
import { contentOf, firstAnswer } from '../database.ts';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import type { Measured } from '../measure.ts';
import { attempt, measured, prepared, type Bench } from '../record.ts';
import type { PostgresRepository, PostgresSource, PostgresTool, RestoredServer } from '../tool.ts';

export interface Prepared {
  readonly tool: PostgresTool;
  readonly repository: PostgresRepository;
  readonly folder: string;
}

/** An empty repository of a tool in a folder of its own; undefined, and named in the results, when it cannot make one. */
export async function prepare(
  bench: Bench,
  source: PostgresSource,
  tool: PostgresTool,
  place: string,
): Promise<Prepared | undefined> {
  await mkdir(place, { recursive: true, mode: 0o755 });
  const repository = await prepared(bench, tool.name, () => tool.prepare(place, source));
  if (repository !== undefined) return { tool, repository, folder: place };
  await removeFolder(place);
  return undefined;
}

export type BackupWork = 'full' | 'second' | 'scattered' | 'ten';

export const backUp = (bench: Bench, source: PostgresSource, one: Prepared, work: BackupWork): Promise<boolean> =>
  attempt(bench, one.tool.name, work, () => costOfBackup(bench, source, one, work, work === 'full'));

/** One backup, with what it added to the repository. */
export async function costOfBackup(
  bench: Bench,
  source: PostgresSource,
  { tool, repository }: Prepared,
  work: BackupWork,
  first: boolean,
): Promise<Measured & { storedBytes: number; plainBytes: number }> {
  await settle(bench.signal, [source.dataFolder]);
  const before = await bytesIn(repository.folder).catch(() => 0); // pgBackRest makes the folder with the first backup
  const cost = await measured(
    bench,
    tool.name,
    work,
    (stopwatch) => repository.backup(stopwatch, first),
    source.serverPid,
  );
  const storedBytes = (await bytesIn(repository.folder)) - before;
  return { ...cost, storedBytes, plainBytes: await bytesIn(source.dataFolder) };
}

export async function verify(bench: Bench, source: PostgresSource, { tool, repository }: Prepared): Promise<void> {
  const check = repository.verify?.bind(repository);
  if (check === undefined) return;
  await attempt(bench, tool.name, 'verify', async () => {
    await settle(bench.signal, [repository.folder]);
    let plainBytes: number | undefined;
    const cost = await measured(
      bench,
      tool.name,
      'verify',
      async (stopwatch) => void (plainBytes = await check(stopwatch)),
    );
    return { ...cost, plainBytes: plainBytes ?? (await bytesIn(source.dataFolder)) };
  });
}

/** Restores, asks, holds every row against the source, and removes the repository too. */
export async function bringBack(
  bench: Bench,
  source: PostgresSource,
  { tool, repository, folder: place }: Prepared,
  content: string,
  work: 'restore' | 'ten-restore',
): Promise<void> {
  const target = join(place, '..', 'restored');
  const restore = repository.restore?.bind(repository);
  try {
    if (restore === undefined) return;
    await attempt(bench, tool.name, work, async () => {
      await settle(bench.signal, [repository.folder]);
      let server: RestoredServer | undefined;
      try {
        const cost = await measured(bench, tool.name, work, async (stopwatch) => {
          server = await restore(stopwatch, target);
          await firstAnswer(server.url);
        });
        const restored = await contentOf((server as RestoredServer).url);
        if (restored !== content) throw wrong(`the restored rows are "${restored}", the source's "${content}"`);
        return { ...cost, plainBytes: await bytesIn(source.dataFolder) };
      } finally {
        await server?.stop();
      }
    });
  } finally {
    for (const path of [place, target, `${target}.log`]) await removeFolder(path);
  }
}

const wrong = (what: string): LifeboatError => new LifeboatError('process.failed', what);
