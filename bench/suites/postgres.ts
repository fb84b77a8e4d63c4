import { join } from 'node:path';
import { atRest, change } from '../database.ts';
import { removeFolder } from '../folder.ts';
import { inTurn, present, type Bench } from '../record.ts';
import type { PostgresSource, PostgresTool } from '../tool.ts';
import { borg } from '../tools/borg.ts';
import { cp } from '../tools/cp.ts';
import { lifeboat, lifeboatByReplication, lifeboatLogical } from '../tools/lifeboat.ts';
import { pgBasebackup } from '../tools/pg-basebackup.ts';
import { pgDump } from '../tools/pg-dump.ts';
import { pgbackrest, pgbackrestDense } from '../tools/pgbackrest.ts';
import { restic } from '../tools/restic.ts';
import { backUp, bringBack, prepare, verify, type Prepared } from './postgres-works.ts';

const tools: readonly PostgresTool[] = [
  cp,
  pgBasebackup,
  lifeboat,
  lifeboatByReplication,
  pgbackrest,
  pgbackrestDense,
  restic,
  borg,
  pgDump,
  lifeboatLogical,
];

/** A database; in each round every tool does every work on it, the order shifted by one from round to round. */
export async function postgresSuite(bench: Bench): Promise<void> {
  const reason = bench.missing.get('pgbench');
  if (reason !== undefined) return void bench.omissions.push({ tool: 'postgres', reason, failed: false });
  const { source } = await bench.database.get();
  const wanted = present(bench, tools);
  for (let round = 0; round < bench.options.repetitions; round += 1) {
    bench.say(`PostgreSQL, round ${round + 1} of ${bench.options.repetitions}`);
    await oneRound(bench, source, inTurn(wanted, round), round);
  }
}

async function oneRound(
  bench: Bench,
  source: PostgresSource,
  wanted: readonly PostgresTool[],
  round: number,
): Promise<void> {
  const folder = join(bench.folder, `postgres-${round}`);
  const changes = bench.database.nextRound();
  const taking: Prepared[] = [];
  let content = await atRest(source);
  for (const tool of wanted) {
    if (tool.onlyOnce === true && round > 0) continue;
    const one = await prepare(bench, source, tool, join(folder, tool.name.replaceAll(/\W/g, '-')));
    if (one === undefined) continue;
    if (await backUp(bench, source, one, 'full')) taking.push(one);
    else await removeFolder(one.folder);
  }
  for (const one of taking) await verify(bench, source, one);
  for (const one of taking.filter(({ repository }) => !repository.takesChanges))
    await bringBack(bench, source, one, content, 'restore');
  const again = taking.filter(({ repository }) => repository.takesChanges);
  for (const [work, how] of [
    ['second', 'contiguous'],
    ['scattered', 'scattered'],
  ] as const) {
    await change(source, how, changes);
    content = await atRest(source);
    for (const one of again) await backUp(bench, source, one, work);
  }
  for (const one of again) await bringBack(bench, source, one, content, 'restore');
  await removeFolder(folder);
}
