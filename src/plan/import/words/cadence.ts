import { isLifeboatError } from '../../../core/index.ts';
import { parseCalendar } from '../../calendar/calendar.ts';
import { readDuration } from './durations.ts';

/** How often, as a calendar of the plan. `guess` says what the document left open. */
export interface StatedCadence {
  readonly words: string;
  readonly text: string;
  readonly guess: string | undefined;
}

/** The calendar that a text states: `every 6 hours`, `02:00 UTC daily`, `last Friday of month`, a cron line. */
export function readCadence(text: string): StatedCadence | undefined {
  const found = cronLine(text) ?? nthWeekday(text) ?? interval(text) ?? namedDays(text);
  if (found === undefined || !isCalendar(found.words)) return undefined;
  return found;
}

function isCalendar(words: string): boolean {
  try {
    parseCalendar(words, 'UTC');
    return true;
  } catch (error) {
    if (isLifeboatError(error)) return false; // words that only looked like a calendar
    throw error;
  }
}

function cronLine(text: string): StatedCadence | undefined {
  const field = '[\\d*][\\d*/,-]*';
  const match = new RegExp(
    `(?<![\\w*/])(${field}(?: +${field}){3} +(?:${field}|[A-Za-z]{3}(?:-[A-Za-z]{3})?))(?![\\w*/])`,
  ).exec(text);
  return match === null ? undefined : said(match[1] as string, match[0]);
}

const days = 'sunday|monday|tuesday|wednesday|thursday|friday|saturday';

function nthWeekday(text: string): StatedCadence | undefined {
  const nth = new RegExp(`\\b(first|second|third|fourth|last|1st|2nd|3rd|4th)\\s+(${days}|day)\\b`, 'i').exec(text);
  const month = monthIn(text);
  if (nth !== null && month !== undefined) return ofOneMonth(nth, month, text);
  if (nth === null && month !== undefined && /\b(1st|first)\b|\b1\b/i.test(text)) return said(`0 0 1 ${month} *`, text);
  if (nth !== null) {
    const ordinals: Record<string, string> = { '1st': 'first', '2nd': 'second', '3rd': 'third', '4th': 'fourth' };
    const word = (nth[1] as string).toLowerCase();
    return withTime(`${ordinals[word] ?? word} ${(nth[2] as string).toLowerCase()}`, text, nth[0]);
  }
  if (/\b(first|1st) of (the |each |every )?month\b/i.test(text)) return withTime('first day', text, text);
  const weekday = new RegExp(`\\b(?:(?:every|each|on)\\s+)?(${days})s?\\b(?!.*\\b(?:to|through)\\b)`, 'i').exec(text);
  return weekday === null ? undefined : withTime((weekday[1] as string).toLowerCase(), text, weekday[0]);
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** The month that a text names, 1 to 12; `may` is one only behind `of` or `in`. */
function monthIn(text: string): number | undefined {
  const match = new RegExp(
    `\\b(?:(?:of|in|every|each)\\s+(${months.join('|')})|(${months.filter((name) => name !== 'may' && name !== 'march').join('|')}))\\b`,
    'i',
  ).exec(text);
  const name = (match?.[1] ?? match?.[2])?.toLowerCase();
  return name === undefined ? undefined : months.indexOf(name) + 1;
}

/** `last Friday of May at 3 PM`: once a year, as a cron line. */
function ofOneMonth(nth: RegExpExecArray, month: number, text: string): StatedCadence | undefined {
  const numbers: Record<string, string> = {
    first: '1',
    '1st': '1',
    second: '2',
    '2nd': '2',
    third: '3',
    '3rd': '3',
    fourth: '4',
    '4th': '4',
    last: 'L',
  };
  const weekday = days.split('|').indexOf((nth[2] as string).toLowerCase());
  const [hour, minute] = (timeOf(text) ?? '00:00').split(':').map(Number);
  const count = numbers[(nth[1] as string).toLowerCase()];
  return weekday < 0 || count === undefined
    ? undefined
    : said(`${minute} ${hour} * ${month} ${weekday}#${count}`, nth[0]);
}

function interval(text: string): StatedCadence | undefined {
  const every =
    /\b(?:every|each)\s+(?:\d+(?:\.\d+)?|two|three|four|six|eight|twelve)[\s-]*(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|[smhdw])\b/i.exec(
      text,
    );
  const spaced = /\b(\d+)[\s-](minute|hour|day)s?\s+(?:intervals?|cadence|snapshots?|frequency)\b/i.exec(text);
  const match = every ?? spaced;
  if (match !== null) {
    const length = readDuration(match[0].replace(/^(every|each)\s+/i, ''));
    if (length === undefined) return undefined;
    return length.ms % 86_400_000 === 0
      ? withTime(length.words, text, match[0])
      : said(`every ${length.words}`, match[0]);
  }
  if (/\b(twice|two times|2x) (a|per) day\b|\btwice[ -]daily\b/i.test(text))
    return said('every 12h', text, 'twice a day, evenly');
  if (/\bhourly\b|\b(every|each|per|an) hour\b/i.test(text)) return said('hourly', text);
  return /\bevery minute\b/i.test(text) ? said('every 1m', text) : undefined;
}

function namedDays(text: string): StatedCadence | undefined {
  if (/\bnightly\b|\b(every|each) night\b/i.test(text)) {
    return withTime('1d', text, text, timeOf(text) === undefined ? 'nightly, without a time' : undefined);
  }
  const names: readonly (readonly [RegExp, string])[] = [
    [/\bdaily\b|\b(every|each|per|a) day\b|\b(every|each) morning\b/i, '1d'],
    [/\bweekdays\b/i, 'weekdays'],
    [/\bweekly\b|\b(every|each|per|a) week\b/i, 'weekly'],
    [/\b(bi-?weekly|fortnightly)\b/i, '2w'],
    [/\bquarterly\b|\b(every|each|per) quarter\b/i, 'quarterly'],
    [/\b(semi-?annual(ly)?|half-?yearly|twice a year|bi-?annual(ly)?)\b/i, '182d'],
    [/\bmonthly\b|\b(every|each|per|a) month\b/i, 'monthly'],
    [/\b(annual(ly)?|yearly)\b|\b(every|each|per|a) year\b/i, 'yearly'],
  ];
  for (const [name, words] of names) {
    const match = name.exec(text);
    if (match !== null) return withTime(words, text, match[0]);
  }
  return undefined;
}

function withTime(words: string, text: string, match: string, guess?: string): StatedCadence {
  const time = timeOf(text);
  return said(time === undefined ? words : `${words} at ${time}${zoneOf(text)}`, match, guess);
}

/** `02:00`, `2 AM`, `10 p.m.`, `midnight`. */
function timeOf(text: string): string | undefined {
  const clock = /\b([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?\s*([ap])?\.?m?\b/i.exec(text);
  if (clock !== null) return timeWords(Number(clock[1]), clock[2] as string, clock[3]);
  const hour = /\b(1[0-2]|0?[1-9])\s*([ap])\.?m\b/i.exec(text);
  if (hour !== null) return timeWords(Number(hour[1]), '00', hour[2]);
  if (/\bmidnight\b/i.test(text)) return '00:00';
  return /\b(noon|midday)\b/i.test(text) ? '12:00' : undefined;
}

function timeWords(hour: number, minute: string, half: string | undefined): string {
  const shift = half === undefined ? hour : (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  return `${String(shift).padStart(2, '0')}:${minute}`;
}

const zoneOf = (text: string): string => (/\b(UTC|GMT|Zulu)\b/.test(text) ? ' UTC' : '');

const said = (words: string, text: string, guess?: string): StatedCadence => ({ words, text: text.trim(), guess });
