import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../core/index.ts';
import { parseCalendar, type Calendar } from '../plan/index.ts';
import { againAfterMs, dueAt, missedTurns, nextTurn } from './due.ts';

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Kathmandu'];
const words = [
  '5m',
  'every 6h',
  '1d at 02:00',
  '1d at 02:30',
  'weekdays at 07:15',
  'first saturday at 10:00',
  'last friday',
  '30 2 * * *',
  '*/20 * * * *',
];
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const anyCalendar = fc
  .tuple(fc.constantFrom(...words), fc.constantFrom(...zones))
  .map(([text, zone]) => parseCalendar(text, zone));
const anyCalendars = fc.array(anyCalendar, { minLength: 1, maxLength: 2 });
const anyMoment = fc.integer({ min: Date.parse('2024-01-01T00:00:00Z'), max: Date.parse('2030-01-01T00:00:00Z') });
/** Days on which some zone changes its clocks come up as often as all others together. */
const nearChange = fc
  .tuple(
    fc.constantFrom('2026-03-08', '2026-03-29', '2026-04-05', '2026-09-06', '2026-10-04', '2026-10-25', '2026-11-01'),
    fc.integer({ min: -2 * dayMs, max: 2 * dayMs }),
  )
  .map(([day, offMs]) => Date.parse(`${day}T00:00:00Z`) + offMs);
const anyStart = fc.oneof(anyMoment, nearChange);
const anySleep = fc.oneof(fc.integer({ min: 0, max: hourMs }), fc.integer({ min: 0, max: 40 * dayMs }));

const taskOf = (calendars: readonly Calendar[], more: { atOnce?: boolean; spread?: boolean; id?: string } = {}) => ({
  id: 'backup orders',
  calendars,
  atOnce: false,
  spread: true,
  ...more,
});
const dueOf = (...given: Parameters<typeof dueAt>): number => dueAt(...given) ?? Number.NaN;

describe('what is due', () => {
  it('on a schedule that is kept is each turn once, in every zone and over every change of clocks', () => {
    fc.assert(
      fc.property(anyCalendars, anyStart, (calendars, startMs) => {
        const turns: number[] = [];
        const begins: number[] = [];
        let turn = startMs;
        let base = startMs;
        for (let i = 0; i < 12; i += 1) {
          turn = nextTurn(calendars, turn) as number;
          turns.push(turn);
          const due = dueOf(taskOf(calendars), { baseMs: base, everBegan: i > 0 }, base);
          expect(missedTurns(calendars, base, due)).toBe(0);
          begins.push(due);
          base = due;
        }
        begins.forEach((begin, i) => {
          expect(begin).toBeGreaterThanOrEqual(turns[i] as number);
          expect(begin).toBeLessThan(turns[i + 1] ?? Infinity);
        });
      }),
    );
  });

  it('after a sleep of any length is due once, and not again for the turns that were slept through', () => {
    fc.assert(
      fc.property(anyCalendars, anyStart, anySleep, (calendars, baseMs, sleptMs) => {
        const task = taskOf(calendars);
        const wakeMs = baseMs + sleptMs;
        const dueMs = dueOf(task, { baseMs, everBegan: true }, wakeMs);
        if (dueMs > wakeMs) return;
        const missed = missedTurns(calendars, baseMs, wakeMs);
        expect(dueOf(task, { baseMs: wakeMs, everBegan: true }, wakeMs)).toBeGreaterThan(wakeMs);
        expect(missedTurns(calendars, wakeMs, wakeMs)).toBe(0);
        expect(missed).toBeLessThanOrEqual(limits.missedTurnsMax);
      }),
    );
  });

  it('never waits longer than to its next turn from now, however far a clock was ahead', () => {
    fc.assert(
      fc.property(anyCalendars, anyStart, anySleep, (calendars, nowMs, aheadMs) => {
        const task = taskOf(calendars);
        const dueMs = dueOf(task, { baseMs: nowMs + aheadMs, everBegan: true }, nowMs);
        expect(dueMs).toBeLessThanOrEqual((nextTurn(calendars, nowMs) as number) + limits.spreadMsMax);
      }),
    );
  });

  it('after a failure is tried again before its next turn, also when that was noted by a clock far ahead', () => {
    fc.assert(
      fc.property(anyCalendars, anyStart, anySleep, (calendars, nowMs, aheadMs) => {
        const past = { baseMs: nowMs, everBegan: true, againMs: nowMs + aheadMs };
        expect(dueOf(taskOf(calendars), past, nowMs)).toBeLessThanOrEqual(nowMs + limits.againMsMax);
      }),
    );
  });

  it('where it never took place begins at once, and where it was asked for by something else too', () => {
    const daily = [parseCalendar('1d at 02:00', 'UTC')];
    const nowMs = Date.parse('2026-05-05T12:00:00Z');
    expect(dueAt(taskOf(daily, { atOnce: true }), { baseMs: nowMs, everBegan: false }, nowMs)).toBe(nowMs);
    expect(dueAt(taskOf(daily), { baseMs: nowMs, everBegan: false }, nowMs)).toBeGreaterThan(nowMs);
    expect(dueAt(taskOf(daily), { baseMs: nowMs, everBegan: true, wokenMs: nowMs - 1 }, nowMs)).toBe(nowMs - 1);
    expect(dueAt(taskOf([]), { baseMs: nowMs, everBegan: true }, nowMs)).toBeUndefined();
  });

  it('is spread within a tenth of its rhythm and five minutes, each task always at its own distance', () => {
    const nowMs = Date.parse('2026-05-05T12:00:00Z');
    const nightly = [parseCalendar('1d at 02:00', 'UTC')];
    const turnMs = Date.parse('2026-05-06T02:00:00Z');
    const distances = Array.from(
      { length: 200 },
      (_, n) => dueOf(taskOf(nightly, { id: `backup a${n}` }), { baseMs: nowMs, everBegan: true }, nowMs) - turnMs,
    );
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...distances)).toBeLessThan(limits.spreadMsMax);
    expect(new Set(distances).size).toBeGreaterThan(190);
    // Of each minute of the five some: no heap in one of them.
    const perMinute = [...Map.groupBy(distances, (distance) => Math.floor(distance / 60_000)).values()].map(
      ({ length }) => length,
    );
    expect(perMinute.length).toBe(5);
    expect(Math.min(...perMinute)).toBeGreaterThan(20);
    const often = taskOf([parseCalendar('5m', 'UTC')]);
    expect(dueOf(often, { baseMs: nowMs, everBegan: true }, nowMs) - nowMs).toBeLessThan(330_000);
    expect(dueOf(taskOf(nightly, { spread: false }), { baseMs: nowMs, everBegan: true }, nowMs)).toBe(turnMs);
  });

  it('counts the turns that a machine slept through, up to a bound', () => {
    const baseMs = Date.parse('2026-05-05T02:00:00Z');
    const nightly = [parseCalendar('1d at 02:00', 'UTC')];
    expect(missedTurns(nightly, baseMs, baseMs + 3 * dayMs)).toBe(2);
    expect(missedTurns([parseCalendar('1m', 'UTC')], baseMs, baseMs + 400 * dayMs)).toBe(limits.missedTurnsMax);
  });
});

describe('the distance to the next try', () => {
  it('doubles from a minute to an hour; what only a person can mend is tried hourly from the first time on', () => {
    expect([1, 2, 3, 7, 50].map((failures) => againAfterMs(failures, true) / 60_000)).toEqual([1, 2, 4, 60, 60]);
    expect(againAfterMs(1, false)).toBe(limits.againMsMax);
  });
});
