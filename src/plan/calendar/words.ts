import { isLifeboatError, parseDuration } from '../../core/index.ts';

/** Hours and minutes of a day. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

/** What the words mean: a fixed interval, every so many days at times, or cron patterns. */
export type Read =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'days'; readonly days: number; readonly times: readonly TimeOfDay[] }
  | { readonly kind: 'cron'; readonly patterns: readonly string[] };

const dayMs = 86_400_000;
const shortestMs = 1000;
const longestMs = 10 * 366 * dayMs;

/** Undefined when the words are not understood. */
export function readWords(text: string): Read | undefined {
  if (/^\S+(\s+\S+){4}$/.test(text) && /^[\d*?]/.test(text)) return { kind: 'cron', patterns: [text] };
  const words = text
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
    .replace(/^every /, '');
  const [what, at] = splitAt(words);
  const times = at === undefined ? undefined : readTimes(at);
  if (at !== undefined && times === undefined) return undefined;
  return readInterval(what, times) ?? readDays(what, times ?? [{ hour: 0, minute: 0 }]);
}

function splitAt(words: string): [string, string | undefined] {
  const at = words.indexOf(' at ');
  return at === -1 ? [words, undefined] : [words.slice(0, at), words.slice(at + 4)];
}

function readTimes(text: string): TimeOfDay[] | undefined {
  const times = text.split(/\s*,\s*|\s+and\s+/).map((word) => {
    const match = /^(\d{1,2}):(\d{2})$/.exec(word);
    const [hour, minute] = [Number(match?.[1]), Number(match?.[2])];
    return match !== null && hour < 24 && minute < 60 ? { hour, minute } : undefined;
  });
  return times.every((time) => time !== undefined) ? times : undefined;
}

function readInterval(what: string, times: readonly TimeOfDay[] | undefined): Read | undefined {
  if (what === 'hourly' || what === 'hour') return times === undefined ? { kind: 'every', ms: 3_600_000 } : undefined;
  if (what === 'minute') return times === undefined ? { kind: 'every', ms: 60_000 } : undefined;
  const ms = durationOf(what);
  if (ms === undefined || ms < shortestMs || ms > longestMs) return undefined;
  if (ms % dayMs === 0) return { kind: 'days', days: ms / dayMs, times: times ?? [{ hour: 0, minute: 0 }] };
  return times === undefined ? { kind: 'every', ms } : undefined;
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (isLifeboatError(error, 'input.flag')) return undefined; // not a duration, perhaps a day
    throw error;
  }
}

function readDays(what: string, times: readonly TimeOfDay[]): Read | undefined {
  const days = cronDays(what);
  if (days === undefined) return undefined;
  return { kind: 'cron', patterns: times.map(({ hour, minute }) => `${minute} ${hour} ${days}`) };
}

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const ordinals: Record<string, string> = { first: '1', second: '2', third: '3', fourth: '4', last: 'L' };

const named: Record<string, string> = {
  daily: '* * *',
  day: '* * *',
  weekly: '* * 1',
  week: '* * 1',
  weekdays: '* * 1-5',
  weekday: '* * 1-5',
  weekends: '* * 0,6',
  monthly: '1 * *',
  month: '1 * *',
  quarterly: '1 1,4,7,10 *',
  quarter: '1 1,4,7,10 *',
  yearly: '1 1 *',
  annually: '1 1 *',
  year: '1 1 *',
  'first day': '1 * *',
  'last day': 'L * *',
};

/** Day of month, month and day of week of a cron line. */
function cronDays(what: string): string | undefined {
  if (Object.hasOwn(named, what)) return named[what];
  const list = what.split(/\s*,\s*|\s+and\s+/).map((day) => weekdays.indexOf(day));
  if (list.every((day) => day >= 0)) return `* * ${list.join(',')}`;
  const [ordinal, day, ...more] = what.replace(/ of (the|each|every) month$/, '').split(' ');
  const weekday = weekdays.indexOf(day ?? '');
  const nth = Object.hasOwn(ordinals, ordinal ?? '') ? ordinals[ordinal ?? ''] : undefined;
  return more.length === 0 && weekday >= 0 && nth !== undefined ? `* * ${weekday}#${nth}` : undefined;
}
