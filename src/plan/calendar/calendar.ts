import { LifeboatError, limits } from '../../core/index.ts';
import type { Calendar } from '../model.ts';
import { cronRule, daysRule, earliestOf, everyRule, type Rule } from './rules.ts';
import { readWords } from './words.ts';

/**
 * A calendar as people write it, in a time zone (IANA name) that the words themselves may override:
 * `every 6h`, `5m`, `1d at 02:00`, `daily at 02:00, 14:00`, `weekdays at 07:30`, `saturday at 06:00`,
 * `first saturday at 10:00`, `last friday`, `last day`, `monthly`, `quarterly`, `yearly`, `0 2 * * 1-5`,
 * `saturday at 06:00 America/New_York`.
 *
 * Intervals below a day are counted from 1970 in real time: their gap is always the same, also when clocks change. Times of
 * day follow the clock of the zone: a time that a change of clocks skips comes right after the gap, one that comes twice counts
 * once. Throws `plan.invalid`.
 */
export function parseCalendar(text: string, timezone: string): Calendar {
  const key = `${timezone} ${text}`;
  const known = understood.get(key);
  if (known !== undefined) return known;
  const calendar = understand(text, timezone);
  if (understood.size >= limits.calendarsKept) understood.clear();
  understood.set(key, calendar);
  return calendar;
}

/** A plan of thousands of assets has a handful of calendars, each read several times; they hold no state. */
const understood = new Map<string, Calendar>();

function understand(text: string, timezone: string): Calendar {
  const { words, zone } = withoutZone(text, timezone);
  const rule = ruleOf(words, zone) ?? notUnderstood(text);
  if (rule(0) === undefined) {
    throw new LifeboatError('plan.invalid', `"${text}" never comes`, { hint: 'There is no such day in any year.' });
  }
  return { text, timezone: zone, next: rule };
}

/** Whether this machine knows the time zone. */
export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function ruleOf(words: string, zone: string): Rule | undefined {
  const read = readWords(words);
  if (read === undefined) return undefined;
  if (read.kind === 'every') return everyRule(read.ms);
  if (read.kind === 'days') return earliestOf(read.times.map((time) => daysRule(read.days, time, zone)));
  const rules = read.patterns.map((pattern) => cronRule(pattern, zone));
  return rules.every((rule) => rule !== undefined) ? earliestOf(rules) : undefined;
}

function withoutZone(text: string, timezone: string): { words: string; zone: string } {
  const match = /^(.*\S)\s+(UTC|[A-Z][A-Za-z_]+(?:\/[A-Za-z0-9_+-]+)+)$/.exec(text.trim());
  if (match?.[1] === undefined || match[2] === undefined) return { words: text.trim(), zone: timezone };
  if (isTimezone(match[2])) return { words: match[1], zone: match[2] };
  throw new LifeboatError('plan.invalid', `"${match[2]}" is not a time zone`, {
    hint: 'Write a name such as Europe/Berlin or UTC.',
  });
}

function notUnderstood(text: string): never {
  throw new LifeboatError('plan.invalid', `"${text}" is not a calendar`, {
    hint: 'Write every 6h, 1d at 02:00, saturday at 06:00, first saturday at 10:00, last friday, quarterly, or a cron line.',
  });
}
