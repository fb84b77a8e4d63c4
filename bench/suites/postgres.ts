import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LifeboatError } from '../../src/core/index.ts';
import { atRest, change, contentOf, firstAnswer, makeDatabase } from '../database.ts';
import { bytesIn, removeFolder, settle } from '../folder.ts';
import { measure } from '../measure.ts';
import { attempt, inTurn, prepared, present, type Bench } from '../record.ts';
import type { PostgresRepository, PostgresSource, PostgresTool, RestoredServer } from '../tool.ts';
import { borg } from '../tools/borg.ts';
import { cp } from '../tools/cp.ts';
import { lifeboat } from '../tools/lifeboat.ts';
import { pgBasebackup } from '../tools/pg-basebackup.ts';
import { pgDump } from '../tools/pg-dump.ts';
import { pgbackrest, pgbackrestDense } from '../tools/pgbackrest.ts';
import { restic } from '../tools/restic.ts';

const tools: readonly PostgresTool[] = [cp, pgBasebackup, lifeboat, pgbackrest, pgbackrestDense, restic, borg, pgDump];

interface Prepared {
  readonly tool: PostgresTool;
  readonly repository: PostgresRepository;
  readonly folder: string;
}

/** A database; in each round every tool does every work on it, the order shifted by one from round to round. */
export async function postgresSuite(bench: Bench): Promise<void> {
  const reason = bench.missing.get('pgbench');
  if (reason !== undefined) return void bench.omissions.push({ tool: 'postgres', reason, failed: false });
  const folder = join(bench.folder, 'postgres');
  await mkdir(folder, { mode: 0o755 });
  bench.say(
    `PostgreSQL: a database of pgbench scale ${bench.options.scale} and ${bench.options.documents} documents …`,
  );
  const database = await makeDatabase(folder, bench.options, bench.signal);
  try {
    const wanted = present(bench, tools);
    for (let round = 0; round < bench.options.repetitions; round += 1) {
      bench.say(`PostgreSQL, round ${round + 1} of ${bench.options.repetitions}`);
      await oneRound(bench, database.source, inTurn(wanted, round), round, folder);
    }
  } finally {
    await database.stop();
    await removeFolder(folder);
  }
}

async function oneRound(
  bench: Bench,
  source: PostgresSource,
  wanted: readonly PostgresTool[],
  round: number,
  folder: string,
): Promise<void> {
  const taking: Prepared[] = [];
  let content = await atRest(source);
  for (const tool of wanted) {
    if (tool.onlyOnce === true && round > 0) continue;
    const place = join(folder, `${round}-${tool.name.replaceAll(/\W/g, '-')}`);
    await mkdir(place, { mode: 0o755 });
    const repository = await prepared(bench, tool.name, () => tool.prepare(place, source));
    const taken =
      repository !== undefined && (await backUp(bench, source, { tool, repository, folder: place }, 'full'));
    if (taken) taking.push({ tool, repository, folder: place });
    else await removeFolder(place);
  }
  for (const one of taking) await verify(bench, source, one);
  for (const one of taking.filter(({ repository }) => !repository.takesChanges))
    await bringBack(bench, source, one, content, folder);
  const again = taking.filter(({ repository }) => repository.takesChanges);
  for (const [work, how] of [
    ['second', 'contiguous'],
    ['scattered', 'scattered'],
  ] as const) {
    await change(source, how, round);
    content = await atRest(source);
    for (const one of again) await backUp(bench, source, one, work);
  }
  for (const one of again) await bringBack(bench, source, one, content, folder);
}

const backUp = (
  bench: Bench,
  source: PostgresSource,
  { tool, repository }: Prepared,
  work: 'full' | 'second' | 'scattered',
): Promise<boolean> =>
  attempt(bench, tool.name, work, async () => {
    await settle(bench.signal, [source.dataFolder]);
    const before = await bytesIn(repository.folder).catch(() => 0); // pgBackRest makes the folder with the first backup
    const measured = await measure((stopwatch) => repository.backup(stopwatch, work), {
      server: source.serverPid,
      signal: bench.signal,
    });
    return {
      ...measured,
      storedBytes: (await bytesIn(repository.folder)) - before,
      plainBytes: await bytesIn(source.dataFolder),
    };
  });

async function verify(bench: Bench, source: PostgresSource, { tool, repository }: Prepared): Promise<void> {
  const check = repository.verify?.bind(repository);
  if (check === undefined) return;
  await attempt(bench, tool.name, 'verify', async () => {
    await settle(bench.signal, [repository.folder]);
    let plainBytes: number | undefined;
    const measured = await measure(async (stopwatch) => void (plainBytes = await check(stopwatch)), bench);
    return { ...measured, plainBytes: plainBytes ?? (await bytesIn(source.dataFolder)) };
  });
}

/** Restores, asks, holds every row against the source, and removes the repository too. */
async function bringBack(
  bench: Bench,
  source: PostgresSource,
  { tool, repository, folder: place }: Prepared,
  content: string,
  folder: string,
): Promise<void> {
  const target = join(folder, 'restored');
  const restore = repository.restore?.bind(repository);
  try {
    if (restore === undefined) return;
    await attempt(bench, tool.name, 'restore', async () => {
      await settle(bench.signal, [repository.folder]);
      let server: RestoredServer | undefined;
      try {
        const measured = await measure(async (stopwatch) => {
          server = await restore(stopwatch, target);
          await firstAnswer(server.url);
        }, bench);
        const restored = await contentOf((server as RestoredServer).url);
        if (restored !== content) throw wrong(`the restored rows are "${restored}", the source's "${content}"`);
        return { ...measured, plainBytes: await bytesIn(source.dataFolder) };
      } finally {
        await server?.stop();
      }
    });
  } finally {
    await removeFolder(place);
    for (const path of [target, `${target}.log`]) await removeFolder(path);
  }
}

const wrong = (what: string): LifeboatError => new LifeboatError('process.failed', what);
