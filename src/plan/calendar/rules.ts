import { Cron } from 'croner';
import type { TimeOfDay } from './words.ts';

/** The first moment strictly after another, milliseconds since 1970; undefined if there is none any more. */
export type Rule = (afterMs: number) => number | undefined;

const dayMs = 86_400_000;

/** Counted from 1970 in real time. */
export const everyRule =
  (ms: number): Rule =>
  (afterMs) =>
    (Math.floor(afterMs / ms) + 1) * ms;

/** A cron line of five fields in a zone; undefined when it is not one. */
export function cronRule(pattern: string, zone: string): Rule | undefined {
  try {
    // Times of day count as fixed also in lists: what a change of clocks skips comes after the gap, what it repeats comes once.
    const cron = new Cron(pattern, { timezone: zone, mode: '5-part', paused: true, fixedTimeRule: 'no-wildcard' });
    return (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? undefined;
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined; // croner's words for a wrong pattern
    throw error;
  }
}

/** Every so many days of the zone's calendar, counted so that weeks begin on Monday, at a time of day. */
export function daysRule(days: number, time: TimeOfDay, zone: string): Rule {
  const daily = cronRule(`${time.minute} ${time.hour} * * *`, zone);
  const dayOf = dayCounter(zone);
  return (afterMs) => {
    let moment = daily?.(afterMs);
    while (moment !== undefined) {
      // Day 0 is a Thursday; Monday, day 4, begins a count.
      const past = (((dayOf(moment) - 4) % days) + days) % days;
      if (past === 0) return moment;
      // Two days short of the next one: days are of 23 to 25 hours, and the daily rule walks the rest.
      moment = daily?.(moment + Math.max(0, days - past - 2) * dayMs);
    }
    return undefined;
  };
}

/** Days since 1970-01-01 on the calendar of a zone. */
function dayCounter(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (ms) => Math.floor(Date.parse(`${format.format(ms)}T00:00:00Z`) / dayMs);
}

export const earliestOf =
  (rules: readonly Rule[]): Rule =>
  (afterMs) => {
    const moments = rules.flatMap((rule) => rule(afterMs) ?? []);
    return moments.length === 0 ? undefined : Math.min(...moments);
  };
