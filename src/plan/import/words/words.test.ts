import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../../core/index.ts';
import { parseCalendar } from '../../calendar/calendar.ts';
import { readCadence } from './cadence.ts';
import { readDuration, readLength } from './durations.ts';

describe('a length of time in words', () => {
  it.each([
    ['4 hours', '4h', undefined, 'exact'],
    ['60–120 minutes (recover services)', '120m', '60m', 'exact'],
    ['1-2 hours', '2h', '1h', 'exact'],
    ['90 min to 2 hours', '2h', '90m', 'exact'],
    ['< 15 minutes', '15m', undefined, 'below'],
    ['<5 min', '5m', undefined, 'below'],
    ['within 30 min', '30m', undefined, 'below'],
    ['>7 days', '7d', undefined, 'above'],
    ['kept for 1 year', '1y', undefined, 'exact'],
    ['7-day retention', '7d', undefined, 'exact'],
    ['half an hour', '0.5h', undefined, 'exact'],
    ['two weeks', '2w', undefined, 'exact'],
    ['3 months', '90d', undefined, 'exact'],
    ['15m', '15m', undefined, 'exact'],
    ['0', '0s', undefined, 'exact'],
    ['zero data loss', '0s', undefined, 'exact'],
  ])('%s', (text, words, from, bound) => {
    expect(readDuration(text)).toMatchObject({ words, from, bound });
  });

  it.each(['', 'N/A', 'best effort', 'X hours Y minutes', '5 GB', 'P1', '2024-01-15', 'v1.2', 'S3 and RDS', 'a while'])(
    'is not read out of "%s"',
    (text) => expect(readDuration(text)).toBeUndefined(),
  );

  it('is not what says how often', () => {
    expect(readLength('every 6 hours, kept 10 days')?.words).toBe('10d');
    expect(readLength('5-minute intervals')).toBeUndefined();
  });

  it('is always one that the plan understands', () => {
    const unit = fc.constantFrom('s', 'min', 'minutes', 'hours', 'hrs', 'days', 'weeks', 'months', 'years', 'h', 'd');
    const text = fc.tuple(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.nat(5000),
      unit,
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(text, ([before, count, word, after]) => {
        const read = readDuration(`${before} ${count} ${word} ${after}`);
        if (read !== undefined) expect(parseDuration(read.words)).toBe(read.ms);
      }),
    );
  });
});

describe('how often, in words', () => {
  it.each([
    ['02:00 UTC daily', '1d at 02:00 UTC'],
    ['Every 6 hours', 'every 6h'],
    ['every 15 min', 'every 15m'],
    ['every two hours', 'every 2h'],
    ['Enabled, 5-minute intervals', 'every 5m'],
    ['Daily, 7-day retention', '1d'],
    ['daily at 2 AM', '1d at 02:00'],
    ['every day at 11.30 or 23:15', '1d at 23:15'],
    ['nightly', '1d'],
    ['hourly', 'hourly'],
    ['twice a day', 'every 12h'],
    ['every Sunday', 'sunday'],
    ['Every Monday at 9:30 pm', 'monday at 21:30'],
    ['First Saturday of each month at 10 AM', 'first saturday at 10:00'],
    ['Last Friday of month', 'last friday'],
    ['last Friday of May at 3 PM', '0 15 * 5 5#L'],
    ['January 1st', '0 0 1 1 *'],
    ['first of month', 'first day'],
    ['Quarterly drills', 'quarterly'],
    ['Annual tests', 'yearly'],
    ['schedule: "*/15 * * * *"', '*/15 * * * *'],
    ['0 2 * * *', '0 2 * * *'],
  ])('%s', (text, words) => {
    expect(readCadence(text)?.words).toBe(words);
    expect(() => parseCalendar(words, 'UTC')).not.toThrow();
  });

  it.each(['On change', 'sometimes', 'when needed', '30 days', 'may fail', 'version 1.2.3.4.5', ''])(
    'is not read out of "%s"',
    (text) => expect(readCadence(text)).toBeUndefined(),
  );

  it('says what it guessed', () => {
    expect(readCadence('nightly')?.guess).toBe('nightly, without a time');
    expect(readCadence('nightly at 03:00')?.guess).toBeUndefined();
  });

  it('is always a calendar of the plan', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.constantFrom('every ', 'daily ', 'last ', '* * * * '),
        (text, start) => {
          const read = readCadence(`${start}${text}`);
          if (read !== undefined) expect(() => parseCalendar(read.words, 'UTC')).not.toThrow();
        },
      ),
    );
  });
});
