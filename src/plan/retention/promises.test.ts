import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideRetention, retentionRules, type RetainedPoint, type RetentionRequest } from './index.ts';
import { keptIds } from './testing/points.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Auckland'];
const startMs = Date.parse('2026-01-01T00:00:00Z');

const span = (unit: string, most: number) => fc.integer({ min: 1, max: most }).map((count) => `${count}${unit}`);
const keeps = fc.record(
  {
    all: span('h', 48),
    hourly: span('h', 72),
    daily: span('d', 40),
    weekly: fc.record({ day: fc.constantFrom('sunday', 'monday', 'thursday'), for: span('d', 120) }),
    monthly: fc.record({ day: fc.constantFrom<number | 'last'>(1, 15, 31, 'last'), for: span('y', 2) }),
    yearly: fc.record({ day: fc.constantFrom('january 1', 'july 31', 'february 29'), for: span('y', 3) }),
    pitr: span('d', 14),
    atLeast: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: ['daily'] },
);

const points = fc
  .array(
    fc.record({
      atMs: fc.integer({ min: 0, max: 500 * 24 }).map((hours) => startMs + hours * hourMs + 1234),
      kind: fc.constantFrom('base', 'dump'),
      damaged: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
      verifiedMs: fc.option(fc.constant(1), { nil: undefined }),
      provenMs: fc.option(fc.constant(1), { nil: undefined, freq: 9 }),
    }),
    { maxLength: 120 },
  )
  .map((all) => all.map((one, i): RetainedPoint => ({ ...one, id: `p${i}`, asset: 'orders' })));

const later = fc.integer({ min: 0, max: 900 * 24 }).map((hours) => startMs + hours * hourMs);
const zone = fc.constantFrom(...zones);

const requestOf = (
  keep: Record<string, unknown>,
  of: readonly RetainedPoint[],
  timezone: string,
  nowMs: number,
): RetentionRequest => ({ points: of, rulesOf: () => retentionRules(keep), holds: [], timezone, nowMs });
const kept = (...args: Parameters<typeof requestOf>): Set<string> =>
  new Set(keptIds(decideRetention(requestOf(...args))));

describe('retention', () => {
  it('applied twice is applied once', () => {
    fc.assert(
      fc.property(keeps, points, zone, later, (keep, all, timezone, nowMs) => {
        const first = kept(keep, all, timezone, nowMs);
        const left = all.filter(({ id }) => first.has(id));
        expect(kept(keep, left, timezone, nowMs)).toEqual(first);
      }),
    );
  });

  it('with a rule made bigger, or one more, never deletes more', () => {
    fc.assert(
      fc.property(keeps, keeps, points, zone, later, (keep, more, all, timezone, nowMs) => {
        const before = kept(keep, all, timezone, nowMs);
        const after = kept(biggerOf(keep, more), all, timezone, nowMs);
        expect([...before].filter((id) => !after.has(id))).toEqual([]);
      }),
    );
  });

  it('gives up nothing by being applied early: who prunes each day has all that who waits has', () => {
    fc.assert(
      fc.property(keeps, points, zone, later, fc.integer({ min: 1, max: 40 }), (keep, all, timezone, nowMs, days) => {
        const known = all.filter(({ atMs }) => atMs <= nowMs);
        const today = kept(keep, known, timezone, nowMs);
        const left = known.filter(({ id }) => today.has(id));
        const then = nowMs + days * dayMs;
        expect(kept(keep, known, timezone, then).difference(kept(keep, left, timezone, then))).toEqual(new Set());
      }),
    );
  });

  it('keeps, day by day for two years, every slot that was ever promised, and nothing beyond it', () => {
    fc.assert(
      fc.property(keeps, zone, fc.integer({ min: 0, max: 2 ** 31 }), (keep, timezone, seed) => {
        simulate(keep, timezone, seed);
      }),
      { numRuns: 8 },
    );
  });
});

/** Each window the larger of both; a day of a slot stays, for another day is another promise. */
function biggerOf(keep: Record<string, unknown>, more: Record<string, unknown>): Record<string, unknown> {
  const amount = (one: unknown): number => Number.parseInt(String((one as { for?: string })?.for ?? one ?? 0), 10);
  const names = [...new Set([...Object.keys(keep), ...Object.keys(more)])];
  return Object.fromEntries(
    names.map((name) => {
      const [own, other] = [keep[name], more[name]];
      if (own === undefined || amount(own) >= amount(other)) return [name, own ?? other];
      if (typeof own === 'object') return [name, { ...own, for: (other as { for: string }).for }];
      return [name, other];
    }),
  );
}

/** A backup or two a day, some left out, some damaged from the start; retention each day on what is left. */
function simulate(keep: Record<string, unknown>, timezone: string, seed: number): void {
  let state = seed;
  const chance = (): number => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const ever: RetainedPoint[] = [];
  let left: RetainedPoint[] = [];
  for (let day = 0; day < 730; day += 1 + Math.floor(chance() * 2)) {
    const nowMs = startMs + day * dayMs;
    for (const hour of [2, 14]) {
      if (chance() < 0.2) continue;
      const atMs = nowMs + hour * hourMs - dayMs;
      const point = { id: `p${ever.length}`, asset: 'a', kind: 'tree', atMs, damaged: chance() < 0.1 };
      const whole: RetainedPoint = { ...point, verifiedMs: undefined, provenMs: undefined };
      ever.push(whole);
      left.push(whole);
    }
    const stays = kept(keep, left, timezone, nowMs);
    left = left.filter(({ id }) => stays.has(id));
    if (day % 7 > 1) continue;
    // What was ever taken, judged today as if nothing had gone before: all of that is there.
    expect(kept(keep, ever, timezone, nowMs).difference(stays)).toEqual(new Set());
    // What stays beyond it holds the slot of a point that is gone, and is within the time of its own.
    const oldestMs = nowMs - longestDays(keep) * dayMs;
    const beyond = stays.difference(kept(keep, ever, timezone, nowMs));
    expect(left.filter(({ id, atMs }) => beyond.has(id) && atMs < oldestMs)).toEqual([]);
    expect(promised(keep, ever, nowMs).filter((id) => !stays.has(id))).toEqual([]);
  }
}

/** A day more than the longest window, for the changes of clocks. */
function longestDays(keep: Record<string, unknown>): number {
  const lengths = Object.values(keep).map((one) => String((one as { for?: string }).for ?? one));
  return 1 + Math.max(...lengths.map((text) => Number.parseInt(text, 10) * (text.endsWith('y') ? 366 : 1)));
}

/** The plainest reading of `daily`, in UTC days that no zone can move: a point of a day with no other near is its day's. */
function promised({ daily }: Record<string, unknown>, ever: readonly RetainedPoint[], nowMs: number): string[] {
  const spanMs = Number.parseInt(String(daily), 10) * dayMs;
  const sound = ever.filter(({ damaged }) => !damaged);
  return sound
    .filter(({ atMs }) => atMs + spanMs - 2 * hourMs > nowMs)
    .filter(({ atMs, id }) => sound.every((one) => one.id === id || Math.abs(one.atMs - atMs) > 25 * hourMs))
    .map(({ id }) => id);
}
