import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTimezone, parseCalendar } from './calendar.ts';

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'America/Santiago',
  'Africa/Casablanca',
];
const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const ordinals = ['first', 'second', 'third', 'fourth', 'last'] as const;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const anyZone = fc.constantFrom(...zones);
const anyMoment = fc.integer({ min: Date.parse('2020-01-01T00:00:00Z'), max: Date.parse('2035-01-01T00:00:00Z') });
const anyWords = fc.oneof(
  fc.constantFrom(
    'every 6h',
    '5m',
    '90s',
    '1d at 02:00',
    '3d at 23:30',
    '2w',
    'daily at 02:30',
    'weekdays at 07:15',
    'hourly',
  ),
  fc.constantFrom(
    'monthly',
    'quarterly',
    'yearly',
    'last day at 22:00',
    'daily at 02:00, 14:00',
    'monday and thursday at 01:30',
  ),
  fc.constantFrom('30 2 * * *', '*/15 * * * *', '0 4 1 * *', '0 6 * * 1-5'),
  fc.tuple(fc.constantFrom(...ordinals), fc.constantFrom(...weekdays)).map(([nth, day]) => `${nth} ${day} at 10:00`),
);

/** Next moments, as ISO text. */
function moments(words: string, zone: string, after: string, count: number): string[] {
  const calendar = parseCalendar(words, zone);
  const found: string[] = [];
  for (let at = Date.parse(after); found.length < count;) {
    const next = calendar.next(at);
    if (next === undefined) break;
    found.push(new Date(next).toISOString().replace(':00.000Z', 'Z'));
    at = next;
  }
  return found;
}

function wallClock(ms: number, zone: string) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'long',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    hourCycle: 'h23',
  });
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const [year, month, day] = [Number(parts['year']), Number(parts['month']), Number(parts['day'])];
  return {
    weekday: parts['weekday']?.toLowerCase(),
    year,
    month,
    day,
    hour: Number(parts['hour']),
    minute: Number(parts['minute']),
  };
}

describe('words people use', () => {
  test.each([
    ['every 6h', ['2026-11-21T06:00Z', '2026-11-21T12:00Z', '2026-11-21T18:00Z']],
    ['5m', ['2026-11-21T04:45Z', '2026-11-21T04:50Z', '2026-11-21T04:55Z']],
    ['1d at 02:00', ['2026-11-22T02:00Z', '2026-11-23T02:00Z', '2026-11-24T02:00Z']],
    ['daily', ['2026-11-22T00:00Z', '2026-11-23T00:00Z', '2026-11-24T00:00Z']],
    ['daily at 02:00, 14:00', ['2026-11-21T14:00Z', '2026-11-22T02:00Z', '2026-11-22T14:00Z']],
    ['saturday at 06:00', ['2026-11-21T06:00Z', '2026-11-28T06:00Z', '2026-12-05T06:00Z']],
    ['every saturday at 06:00', ['2026-11-21T06:00Z', '2026-11-28T06:00Z', '2026-12-05T06:00Z']],
    ['first saturday at 10:00', ['2026-12-05T10:00Z', '2027-01-02T10:00Z', '2027-02-06T10:00Z']],
    ['last friday', ['2026-11-27T00:00Z', '2026-12-25T00:00Z', '2027-01-29T00:00Z']],
    ['monthly', ['2026-12-01T00:00Z', '2027-01-01T00:00Z', '2027-02-01T00:00Z']],
    ['quarterly', ['2027-01-01T00:00Z', '2027-04-01T00:00Z', '2027-07-01T00:00Z']],
    ['yearly at 03:30', ['2027-01-01T03:30Z', '2028-01-01T03:30Z', '2029-01-01T03:30Z']],
    ['last day at 22:00', ['2026-11-30T22:00Z', '2026-12-31T22:00Z', '2027-01-31T22:00Z']],
    ['weekdays at 07:30', ['2026-11-23T07:30Z', '2026-11-24T07:30Z', '2026-11-25T07:30Z']],
    ['1w', ['2026-11-23T00:00Z', '2026-11-30T00:00Z', '2026-12-07T00:00Z']],
    ['0 2 * * 1-5', ['2026-11-23T02:00Z', '2026-11-24T02:00Z', '2026-11-25T02:00Z']],
    ['saturday at 06:00 America/New_York', ['2026-11-21T11:00Z', '2026-11-28T11:00Z', '2026-12-05T11:00Z']],
  ])('%s', (words, expected) => {
    expect(moments(words, 'UTC', '2026-11-21T04:43:47Z', 3)).toEqual(expected);
  });

  test.each([
    '',
    'sometimes',
    'every',
    'fifth monday at',
    'saturday at 25:00',
    'saturday at 6',
    'first',
    'every 0s',
    '1.5',
    '61 * * * *',
    '* * * *',
    '0 0 30 2 *',
    'every 6h at 02:00',
    'daily at 02:00 Mars/Olympus',
  ])('"%s" is refused with words that help', (words) => {
    const helpful = expect.objectContaining({ code: 'plan.invalid', hint: expect.any(String) as string }) as Error;
    expect(() => parseCalendar(words, 'UTC')).toThrow(helpful);
  });

  test('a moment is strictly after, to the millisecond', () => {
    const at = Date.parse('2026-11-22T02:00:00Z');
    const { next } = parseCalendar('1d at 02:00', 'UTC');
    expect(next(at - 1)).toBe(at);
    expect(next(at)).toBe(at + dayMs);
    expect(next(at + 1)).toBe(at + dayMs);
  });

  test('zones are known by their names', () => {
    expect(isTimezone('Europe/Berlin')).toBe(true);
    expect(isTimezone('Europe/Berln')).toBe(false);
    expect(isTimezone('')).toBe(false);
  });
});

describe('when clocks change', () => {
  test('a time inside the gap comes right after it, once', () => {
    expect(moments('daily at 02:30', 'Europe/Berlin', '2026-03-27T12:00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ]);
  });

  test('a time that comes twice counts once', () => {
    expect(moments('daily at 02:30', 'Europe/Berlin', '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
      '2026-10-27T01:30Z',
    ]);
    expect(moments('1d at 02:30', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
    ]);
  });

  test('an interval is the same length through the change', () => {
    fc.assert(
      fc.property(anyZone, anyMoment, fc.constantFrom('5m', '6h', '90m', '7h'), (zone, after, words) => {
        const { next } = parseCalendar(words, zone);
        const first = next(after) as number;
        const gap = (next(first) as number) - first;
        expect(gap).toBe({ '5m': 300_000, '6h': 6 * hourMs, '90m': 5_400_000, '7h': 7 * hourMs }[words]);
      }),
    );
  });

  test('each day of a year has its daily moment exactly once, in every zone', () => {
    for (const zone of zones) {
      for (const words of ['daily at 02:30', '1d at 00:30', 'daily at 00:00']) {
        const { next } = parseCalendar(words, zone);
        const days: string[] = [];
        for (let at = next(Date.parse('2026-01-02T00:00:00Z')) as number; days.length < 365; at = next(at) as number) {
          const { year, month, day } = wallClock(at, zone);
          days.push(`${year}-${month}-${day}`);
        }
        expect(new Set(days).size, `${words} in ${zone}`).toBe(365);
      }
    }
  });
});

describe('for any calendar, zone and moment', () => {
  test('next is later than what it is asked for, and never jumps back', () => {
    fc.assert(
      fc.property(anyWords, anyZone, anyMoment, fc.integer({ min: 0, max: 40 * dayMs }), (words, zone, after, more) => {
        const { next } = parseCalendar(words, zone);
        const first = next(after) as number;
        expect(first).toBeGreaterThan(after);
        const later = next(after + more) as number;
        expect(later).toBeGreaterThanOrEqual(first);
        expect(after + more < first && later !== first).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('a weekday of the month is that weekday, and that one of the month, in the zone', () => {
    const nthDay = fc.tuple(fc.constantFrom(...ordinals), fc.constantFrom(...weekdays));
    fc.assert(
      fc.property(nthDay, anyZone, anyMoment, ([nth, day], zone, after) => {
        const at = parseCalendar(`${nth} ${day} at 10:00`, zone).next(after) as number;
        const seen = wallClock(at, zone);
        expect(seen).toMatchObject({ weekday: day, hour: 10, minute: 0 });
        const daysOfMonth = new Date(Date.UTC(seen.year, seen.month, 0)).getUTCDate();
        const isLast = seen.day > daysOfMonth - 7;
        expect(nth === 'last' ? isLast : Math.ceil(seen.day / 7) === ordinals.indexOf(nth) + 1).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('between two first saturdays lie at most 35 days', () => {
    const { next } = parseCalendar('first saturday at 10:00', 'UTC');
    let longest = 0;
    for (let at = next(0) as number, i = 0; i < 1200; i += 1) {
      const following = next(at) as number;
      longest = Math.max(longest, following - at);
      at = following;
    }
    expect(longest).toBe(35 * dayMs);
  });
});
