import { beforeAll, describe, expect, it } from 'vitest';
import { LifeboatError } from '../../core/index.ts';
import { noPrometheus } from '../../testing/prometheus/index.ts';
import { planOf } from '../testing/plan.ts';
import type { Rang } from '../testing/simulated/judge.ts';
import { everythingWrong } from '../testing/simulated/plans.ts';
import { SimulatedServe } from '../testing/simulated/serve.ts';
import { alertRules } from './index.ts';
import { alertNames } from './shape.ts';

const why = noPrometheus === undefined ? '' : ` (${noPrometheus})`;
const bornMs = Date.parse('2024-06-01T00:30:00Z');

/** Minutes from the start: when it begins and ends that this goes wrong. */
const wrong = { from: 8 * 60, to: 18 * 60 };
const gone = { from: 19 * 60, to: 21 * 60 };
const stuck = { from: 22 * 60, to: 22 * 60 + 20 };
const full = { from: 24 * 60 + 25, to: 24 * 60 + 50 };
const crowded = { from: 25 * 60, to: 27 * 60 };
/** Two machines keep the schedule, each for itself. */
const twice = { from: 23 * 60, to: 23 * 60 + 20 };
/** Standbys are made anew, which takes hours and is no fault; another one never gets there. */
const made = { from: 2 * 60, to: 5 * 60 };
const making = { from: 21 * 60 + 10, to: 34 * 60 };
const drillPasses = 31 * 60;
const keysTested = 17 * 60;
const end = 34 * 60;

const within = ({ from, to }: { from: number; to: number }, minute: number): boolean => minute >= from && minute < to;

/** A day and a half in which one asset, stream, drill or part goes wrong beside the others, and is well again later. */
async function worstDays(): Promise<Rang[]> {
  const serve = new SimulatedServe(await planOf(everythingWrong), bornMs);
  try {
    breakAll(serve);
    serve.start();
    const at = async (minute: number): Promise<void> => serve.minutes(minute - (serve.clock.now() - bornMs) / 60_000);
    await at(wrong.from + 60);
    serve.tell('something happened');
    await at(keysTested);
    serve.testKeys();
    await at(gone.from);
    serve.kill();
    await at(gone.to);
    serve.start();
    await at(stuck.from);
    await serve.hang(stuck.to - stuck.from);
    serve.start();
    await at(end);
    return await serve.rang();
  } finally {
    serve.remove();
  }
}

function breakAll({ world, clock }: SimulatedServe): void {
  const minute = (): number => (clock.now() - bornMs) / 60_000;
  const isWrong = (): boolean => within(wrong, minute());
  world.fault = ({ id, work }) => {
    if (id === 'backup never' && minute() < wrong.to) return 'fails';
    if (id === 'drill tried' && minute() < drillPasses) return 'red';
    if (work.kind === 'backup' && within(crowded, minute())) return 'hangs';
    if (!isWrong()) return undefined;
    if (id === 'backup stops' || id === 'verify checked') return 'fails';
    if (id === 'verify proved') return 'red';
    return id === 'backup hangs' ? 'hangs' : undefined;
  };
  const sizes: Readonly<Record<string, number>> = { shrinks: 400, grows: 1600, empties: 0 };
  world.bytesOf = (asset) => (isWrong() ? (sizes[asset] ?? 1000) : 1000);
  world.stream = (asset) => {
    if (!isWrong()) return 'well';
    return asset === 'mute' ? 'silent' : asset === 'behind' ? 'behind' : asset === 'ended' ? 'ended' : 'well';
  };
  const standbys = { mute: 'silent', behind: 'behind', ended: 'waiting' } as const;
  world.standby = (asset) => {
    if (asset === 'ended' && within(making, minute())) return 'making';
    if (!isWrong()) return within(made, minute()) ? 'making' : 'well';
    return standbys[asset as keyof typeof standbys] ?? 'well';
  };
  world.isHeard = () => !isWrong();
  world.planRefused = () => (isWrong() ? new LifeboatError('plan.invalid', 'not so') : undefined);
  world.isTaken = () => !isWrong();
  world.isTwice = () => within(twice, minute());
  world.isFull = () => within(full, minute());
}

/** Ring first in [from, by], and not after `until`. */
type Expected = readonly [alarm: string, from: number, by: number, until: number];

const hour = 60;
/** The next try of what failed for long is up to an hour away. */
const mended = wrong.to + hour + 5;
const all: readonly Expected[] = [
  // Stopped, too old, never ran.
  ['LifeboatTaskFailing backup stops', wrong.from, wrong.from + hour + 10, mended],
  ['LifeboatPointOld hourly stops near', wrong.from + 30, wrong.from + 81, mended],
  ['LifeboatPointOld hourly hangs near', wrong.from + 30, wrong.from + 81, gone.from],
  ['LifeboatTaskSilent backup hangs', wrong.from + 35, wrong.from + 75, gone.from],
  ['LifeboatTaskFailing backup never', 3, 10, mended],
  ['LifeboatPointNever unborn never near', hour, hour + 1, mended],
  ['LifeboatPointUnseen hourly', gone.from + 15, gone.from + 16, gone.to],
  ['LifeboatTurnsMissed backup empties', gone.to, gone.to + 1, gone.to + 61],
  ['LifeboatTaskLate backup grows', crowded.from + 35, crowded.from + 75, crowded.to + 6 * hour],
  // Too small, too large.
  ['LifeboatPointSize hourly shrinks near', wrong.from + 10, wrong.from + 50, wrong.to],
  ['LifeboatPointSize hourly grows near', wrong.from + 10, wrong.from + 50, wrong.to],
  ['LifeboatPointSize hourly empties near', wrong.from + 10, wrong.from + 50, mended],
  // The RPO is breached, where points are taken and where a stream measures it.
  ['LifeboatLossTooGreat stops', wrong.from + hour, wrong.from + 2 * hour, mended],
  ['LifeboatLossTooGreat behind', wrong.from + 1, wrong.from + 2, wrong.to],
  // Streams.
  ['LifeboatStreamSilent mute', wrong.from + 5, wrong.from + 7, wrong.to],
  ['LifeboatStreamDown ended', wrong.from + 5, wrong.from + 6, wrong.to],
  // Standbys.
  ['LifeboatStandbySilent mute', wrong.from + 5, wrong.from + 7, wrong.to],
  ['LifeboatStandbyBehind behind', wrong.from + 10, wrong.from + 11, wrong.to],
  ['LifeboatStandbyWaiting ended', wrong.from + 15, wrong.from + 16, wrong.to],
  ['LifeboatStandbyMaking ended', making.from + 12 * hour, making.from + 12 * hour + 2, making.to],
  // Verification behind, and what it finds.
  ['LifeboatTaskOverdue verify checked', wrong.from, wrong.from + 8 * hour, mended],
  ['LifeboatTaskFailing verify checked', wrong.from, wrong.from + 6 * hour, mended],
  ['LifeboatTaskRed verify proved', wrong.from, wrong.from + 6 * hour, gone.from],
  // Drills.
  ['LifeboatDrillOverdue tried', 30 * hour, 30 * hour + 15, end],
  ['LifeboatTaskRed drill tried', 5 * hour, 6 * hour, gone.from],
  // The keys.
  ['LifeboatKeysUntested', hour, hour + 1, keysTested],
  // The scheduler itself.
  ['LifeboatDown', gone.from + 10, gone.from + 11, gone.to],
  ['LifeboatStuck', stuck.from + 1, stuck.from + 3, stuck.to + 3],
  ['LifeboatTrouble', full.from + 10, full.from + 20, full.to + 1],
  ['LifeboatPlanRefused', wrong.from + 15, wrong.from + 16, wrong.to],
  ['LifeboatHeartbeatLost', wrong.from + 5, wrong.from + 11, wrong.to + 1],
  ['LifeboatTwice', twice.from + 5, twice.from + 6, twice.to],
  // Who is to be told, and by whom nothing is taken; it is brought with the next try, which is up to an hour away.
  ['LifeboatChannelFailing', wrong.from + 65, wrong.from + 67, mended],
  ['LifeboatMessagesWaiting', wrong.from + 65, wrong.from + 67, mended],
  // What a plan declares by figures.
  ['stops_fresh hourly stops near', wrong.from + 3 * hour, wrong.from + 5 * hour, mended],
  ['checked_fresh hourly stops near', wrong.from + 4 * hour, wrong.from + 6 * hour, mended],
  ['tried_fresh tried', 0, 0, drillPasses + 6 * hour],
  ['any_fresh', 0, 0, drillPasses + 6 * hour],
  ['grows_size hourly grows near', wrong.from, wrong.from + 50, wrong.to],
  ['stops_fail backup stops', wrong.from, wrong.from + hour + 5, mended],
  ['hourly_fail backup stops', wrong.from, wrong.from + hour + 5, mended],
  // The four that a plan declares, to the letter: without labels they watch everything.
  ['BackupFailed hourly stops near', wrong.from + 4 * hour, wrong.from + 5 * hour, mended],
  ['BackupOld hourly stops near', wrong.from + 5 * hour, wrong.from + 6 * hour, mended],
  ['BackupSizeAnomaly hourly shrinks near', wrong.from, wrong.from + 40, wrong.to],
  ['NoRecentDRTest tried', 0, 0, gone.from],
];

describe.skipIf(noPrometheus !== undefined)(`what goes wrong, judged minute by minute${why}`, () => {
  let rang: readonly Rang[] = [];
  beforeAll(async () => void (rang = await worstDays()), 600_000);

  it.each(all)('rings as %s, in time, and is silent when all is well again', (alarm, from, by, until) => {
    const [first] = rang.filter(({ alert, of, toMinute }) => `${alert} ${of}`.trim() === alarm && toMinute >= from);
    expect(first, `what rang: ${rang.map(({ alert, of }) => `${alert} ${of}`).join(', ')}`).toBeDefined();
    expect(first?.fromMinute).toBeGreaterThanOrEqual(from);
    expect(first?.fromMinute).toBeLessThanOrEqual(by);
    expect(first?.toMinute).toBeLessThanOrEqual(until);
  });

  it('rings by every alarm that there is', async () => {
    const tested = new Set(all.map(([alarm]) => alarm.split(' ')[0]));
    expect(alertNames.filter((alert) => !tested.has(alert))).toEqual([]);
    const { plan, keeperOf } = await planOf(everythingWrong);
    const rules = alertRules(plan, keeperOf).groups.flatMap((group) => group.rules.map(({ alert }) => alert));
    const rung = new Set(rang.map(({ alert }) => alert));
    expect(rules.filter((alert) => !rung.has(alert))).toEqual([]);
  });

  it('rings by no alarm that has no test here, and each has labels of its own', () => {
    const tested = new Set(all.map(([alarm]) => alarm.split(' ')[0]));
    expect([...new Set(rang.map(({ alert }) => alert))].filter((alert) => !tested.has(alert))).toEqual([]);
    for (const one of rang)
      for (const other of rang) {
        if (one === other || one.alert !== other.alert || one.of !== other.of) continue;
        expect(one.fromMinute > other.toMinute || other.fromMinute > one.toMinute, `${one.alert} ${one.of}`).toBe(true);
      }
  });
});
