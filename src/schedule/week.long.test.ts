import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { ManualClock } from '../core/index.ts';
import { nextTurn } from './due.ts';
import type { Hands, Task } from './index.ts';
import { metricsText, type ServeFacts } from './index.ts';
import { backupOf, BenchFolder, dayMs, done, taskOf } from './testing/bench.ts';
import { planOf } from './testing/plan.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Names made by their number, turns in three zones: a night's heap at 02:00, some each six hours and hour, ten each five minutes. */
function thousand(): Task[] {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York'];
  const words = (n: number): string => {
    if (n < 10) return '5m';
    if (n < 50) return 'every 1h';
    return n < 150 ? 'every 6h' : `1d at 02:00 ${zones[n % 3] ?? 'UTC'}`;
  };
  return Array.from({ length: 1000 }, (_, n) =>
    backupOf(`asset${n}`, words(n), { spread: true, wakes: ['copy near far'] }),
  );
}

it('1,000 assets on schedule in one process over a week: none missed, nothing late by a turn, memory flat', async () => {
  // The journal syncs each record: on a disk that alone takes minutes.
  const folder = new BenchFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
  // A week in which Europe changes its clocks.
  const clock = new ManualClock(Date.parse('2026-10-22T00:00:30Z'));
  const startMs = clock.now();
  const begins = new Map<string, number>();
  let chance = 7;
  const hands: Hands = async ({ id }) => {
    begins.set(id, (begins.get(id) ?? 0) + 1);
    chance = (chance * 48_271) % 2_147_483_647;
    await clock.sleep(2000 + (chance % 40_000));
    return done;
  };
  const tasks = [
    ...thousand(),
    taskOf({ kind: 'copy', from: 'near', to: 'far' }, 'every 1h'),
    taskOf({ kind: 'prune', store: 'near' }, '1d at 04:30'),
    taskOf({ kind: 'verify', policy: 'daily', assets: [] }, '1d at 05:00'),
    taskOf({ kind: 'drill', drill: 'weekly' }, 'saturday at 06:00'),
  ];
  const bench = folder.start(tasks, hands, { clock, jobsAtOnce: 16 });
  const { plan, keeperOf } = await planOf();
  const heaps: number[] = [];
  for (let day = 0; day < 7; day += 1) {
    await bench.pass(dayMs);
    const keeping = { sinceMs: startMs, scheduler: bench.scheduler, ledger: bench.ledger, streams: [], toldBy: [] };
    const facts: ServeFacts = {
      nowMs: clock.now(),
      plan,
      tool: 't',
      startedMs: startMs,
      planRefused: undefined,
      heartbeatMs: undefined,
      keeping,
      keeperOf,
    };
    expect(metricsText(facts).length).toBeGreaterThan(100_000);
    // What the bench noted is no memory of the scheduler.
    bench.events.length = 0;
    collect();
    heaps.push(process.memoryUsage().heapUsed);
  }
  const endMs = clock.now();
  let turnsInAll = 0;
  for (const task of tasks.filter(({ work }) => work.kind !== 'copy')) {
    const turns: number[] = [];
    for (let at = nextTurn(task.calendars, startMs); at !== undefined && at <= endMs; at = nextTurn(task.calendars, at))
      turns.push(at);
    // The last turn may stand just before the end, its begin behind it.
    const begun = begins.get(task.id) ?? 0;
    expect([turns.length, turns.length - 1], `${task.id} of ${turns.length} turns`).toContain(begun);
    turnsInAll += turns.length;
    expect(bench.ledger.of(task.id).missed, task.id).toBe(0);
  }
  console.log(
    `${turnsInAll} turns in a week, 0 missed; heap after each day: ${heaps.map((bytes) => Math.round(bytes / 2 ** 20)).join(', ')} MB`,
  );
  expect((heaps[6] as number) - (heaps[1] as number)).toBeLessThan(8 * 2 ** 20);
  expect(await bench.stop()).toEqual([]);
  folder.remove();
}, 1_800_000);
