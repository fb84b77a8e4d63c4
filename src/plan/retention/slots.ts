import { isoDay, type LocalCalendar } from './local-calendar.ts';
import type { KeptWindow, SlotStart } from './rules.ts';
import { months, weekdays } from './days.ts';

const hourMs = 3_600_000;

/** The slot of a moment: equal numbers are the same hour, day, week, month or year; for `all` the moment itself. */
export function slotOf(calendar: LocalCalendar, { slot, starts }: KeptWindow, ms: number): number {
  if (slot === 'all') return ms;
  // Hours are counted in time that passes, so that the hour that a change of clocks repeats is two.
  if (slot === 'hourly') return Math.floor(ms / hourMs);
  const day = calendar.day(ms);
  if (slot === 'daily') return day;
  // Day 0 was a Thursday, weekday 4.
  if (slot === 'weekly') return Math.floor((day + 4 - starts.weekday) / 7);
  const date = calendar.date(ms);
  if (slot === 'monthly')
    return date.year * 12 + date.month - (date.day < firstDay(date.year, date.month, starts) ? 1 : 0);
  const begins = { month: starts.month, day: firstDay(date.year, starts.month, starts) };
  const isBefore = date.month < begins.month || (date.month === begins.month && date.day < begins.day);
  return isBefore ? date.year - 1 : date.year;
}

/** A slot for people: `Sunday 2026-11-15`, the day that a week began on; `hour 14 UTC of 2026-11-15`. */
export function slotName(calendar: LocalCalendar, window: KeptWindow, ms: number): string {
  const slot = slotOf(calendar, window, ms);
  switch (window.slot) {
    case 'all':
      return 'each point';
    case 'hourly':
      return `the hour from ${new Date(slot * hourMs).toISOString().slice(0, 16)}Z`;
    case 'daily':
      return isoDay(slot);
    case 'weekly': {
      const first = slot * 7 - 4 + window.starts.weekday;
      return `the week from ${capital(weekdays[window.starts.weekday] ?? '')} ${isoDay(first)}`;
    }
    case 'monthly': {
      const [year, month] = [Math.floor(slot / 12), ((slot % 12) + 12) % 12];
      const day = firstDay(year, month, window.starts);
      return day === 1
        ? `${capital(months[month] ?? '')} ${year}`
        : `the month from ${isoDay(Date.UTC(year, month, day) / 86_400_000)}`;
    }
    case 'yearly': {
      const day = firstDay(slot, window.starts.month, window.starts);
      return day === 1 && window.starts.month === 0
        ? `${slot}`
        : `the year from ${isoDay(Date.UTC(slot, window.starts.month, day) / 86_400_000)}`;
    }
  }
}

/** The day on which a month's slot begins: the named one, or the last where the month is shorter. */
const firstDay = (year: number, month: number, { dayOfMonth }: SlotStart): number =>
  Math.min(dayOfMonth, new Date(Date.UTC(year, month + 1, 0)).getUTCDate());

const capital = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
