import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';
import { systemClock } from '../../src/core/index.ts';
import { openJournal, type JournalRecord } from '../../src/journal/index.ts';
import { seed } from '../../src/testing/seed.ts';
import { chances } from '../postgres-killed/chance.ts';
import { leftBubbles, tasks, wrongMessages, wrongTurns } from './judge.ts';
import { makeScene, type Life, type Scene } from './scene.ts';

/** Kills so many keepers, each eight hours after the one before, lets the last one do everything, and asks what became of all. */
export async function expectNothingLost(lives: number): Promise<void> {
  const scene = await makeScene(lives);
  try {
    const chance = chances();
    for (let life = 0; life < lives; life += 1) {
      await scene.change(life);
      await liveAndDie(scene, life, chance);
    }
    await scene.change(lives);
    const rows = await liveOn(scene, lives);
    const records = recordsOf(scene);
    expect(wrongTurns(records)).toEqual([]);
    expect(wrongMessages(records, scene.receiver.posted)).toEqual([]);
    expect(leftBubbles(records)).toEqual([]);
    const { place } = scene;
    expect((await readdir(place.path('tmp'))).filter((name) => name.startsWith('lifeboat-bubble-'))).toEqual([]);
    await expectPoints(scene, lives, records);
    await expectRows(scene, rows);
    await expectFree(scene, lives);
  } finally {
    await scene.close();
  }
}

/** Some die while they begin, some in the middle of a word to people, most while they work. */
async function liveAndDie(scene: Scene, life: number, chance: () => number): Promise<void> {
  const { receiver } = scene;
  const [kind, moment] = [chance(), chance()];
  const keeper = scene.keeper(life);
  if (kind < 0.15) await sleep(moment * 4_000);
  else {
    await keeper.keeping();
    if (kind < 0.4) {
      // The receiver has the message, and whoever sent it never hears so.
      receiver.says = () => (keeper.kill(), { body: 'thanks' });
      await Promise.race([keeper.ended, sleep(10_000)]);
    } else await sleep(moment * 9_000);
  }
  const { busy } = keeper;
  keeper.kill();
  await keeper.ended;
  receiver.says = undefined;
  // Nobody who died keeps anything from who comes next.
  const amiss = keeper.lines.filter(({ event }) => ['trouble', 'lost', 'standing_by', 'ended badly'].includes(event));
  expect(amiss, `life ${life}, seed ${seed}`).toEqual([]);
  process.stderr.write(
    `life ${life}, LIFEBOAT_SEED=${seed}: ${keeper.lines.length} events, ${busy} under way, done ${[...keeper.done].join(', ')}\n`,
  );
}

/** Live on until all that is due was done, the last of them until all is stored that was written and each alarm has ended. Returns how many rows there are. */
async function liveOn(scene: Scene, lives: number): Promise<number> {
  const done = new Set<string>();
  for (let life = lives; life < lives + 5; life += 1) {
    const keeper = scene.keeper(life);
    const isRed = (task: string): boolean =>
      keeper.lines.some((line) => line.event === 'ended' && line.task === task && line.outcome?.state === 'red');
    // Prunes have a turn in each third life.
    const due = tasks.filter((task) => !done.has(task) && (life % 3 === 0 || !task.startsWith('prune')));
    await keeper.until(() => due.every((task) => keeper.done.has(task) || isRed(task)));
    for (const task of keeper.done) done.add(task);
    // What is red waits for its next turn: a reading back asks for copies, and may have come before there were enough.
    if (tasks.every((task) => done.has(task))) return endWell(scene, keeper);
    expect(await keeper.end('SIGTERM')).toBe(0);
  }
  throw new Error(`never done: ${tasks.filter((task) => !done.has(task)).join(', ')}`);
}

async function endWell({ cluster, receiver, endWriting }: Scene, keeper: Life): Promise<number> {
  const { rows, lsn } = await endWriting();
  await keeper.until(async () => {
    const stored = await cluster.sql(`select 1 from pg_stat_replication where flush_lsn >= '${lsn}'`);
    return stored.length > 0;
  });
  // Calm must last for two minutes.
  const matters = (state?: string): Set<string> =>
    new Set(
      receiver.posted
        .map(({ body }) => matterOf(body))
        .flatMap((one) => (state === undefined || one.state === state ? [one.id] : [])),
    );
  for (let skips = 0; matters('ends').size < matters().size && skips < 20; skips += 1) {
    await sleep(16_000);
    keeper.skip(60_000);
  }
  expect(await keeper.end('SIGTERM'), JSON.stringify(keeper.lines.slice(-20))).toBe(0);
  return rows;
}

const matterOf = (body: string): { id: string; state: string } =>
  (JSON.parse(body) as { matter: { id: string; state: string } }).matter;

function recordsOf({ place }: Scene): readonly JournalRecord[] {
  const journal = openJournal(place.path('.lifeboat', 'journal.db'), { clock: systemClock, host: 'judge' });
  try {
    journal.verify();
    return journal.records({ own: true });
  } finally {
    journal.close();
  }
}

/** Each point is whole in both stores, has one name, and the newest hold what was there last. */
async function expectPoints({ place }: Scene, lives: number, records: readonly JournalRecord[]): Promise<void> {
  const verified = await place.run('verify', '--all');
  expect(verified, verified.stdout).toMatchObject({ exitCode: 0, json: { damage: [] } });
  const { points } = (await place.run('points')).json as { points: { id: string; asset: string }[] };
  expect(new Set(points.map(({ id }) => id)).size).toBe(points.length);
  // A point that is there without a record is whole; one that a record names, and that nobody let go, is there.
  const newest = (asset: string): unknown =>
    records.findLast(({ kind, data }) => kind === 'backup.finished' && data['asset'] === asset)?.data['point'];
  for (const asset of ['docs', 'carts', 'orders']) expect(points.map(({ id }) => id)).toContain(newest(asset));
  const restored = await place.run('restore', 'carts', '--to', './carts-back');
  expect(restored, restored.stdout).toMatchObject({ exitCode: 0 });
  const { reached } = restored.json as { reached?: unknown };
  expect(reached).toBeDefined();
  const database = new DatabaseSync(place.path('carts-back'), { readOnly: true });
  expect(database.prepare('select count(*) as count from carts').get()).toEqual({ count: lives + 1 });
  database.close();
}

/** One point was the first, and the log goes on from there through every death up to the last row. */
async function expectRows({ place, ask }: Scene, rows: number): Promise<void> {
  await ask(rows);
  const restored = await place.run('restore', 'orders', '--to', './orders-back');
  expect(restored, restored.stdout).toMatchObject({ exitCode: 0 });
}

/** The lock and the holds of the last one are given back: the next keeps the schedule at once. */
async function expectFree(scene: Scene, lives: number): Promise<void> {
  const next = scene.keeper(lives + 5);
  await next.keeping();
  expect(next.lines.map(({ event }) => event)).not.toContain('standing_by');
  expect(await next.end('SIGTERM')).toBe(0);
}
