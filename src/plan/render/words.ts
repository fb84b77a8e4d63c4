import type { Calendar, Objectives } from '../model.ts';
import { sentenceDuration } from '../lint/words.ts';
import type { DurationRange } from '../declarations.ts';
import { plainText, type Block, type Fact, type Words } from './model.ts';

/** `2 h`, or with its shorter end `2 h to 3 h`; what nobody promised is a dash. */
export function promised(toMs: number | undefined, fromMs?: number): string {
  if (toMs === undefined) return '–';
  return fromMs === undefined ? sentenceDuration(toMs) : `${sentenceDuration(fromMs)} to ${sentenceDuration(toMs)}`;
}

export const rtoOf = ({ rtoMs, rtoFromMs }: Objectives): string => promised(rtoMs, rtoFromMs);
export const rpoOf = ({ rpoMs, rpoFromMs }: Objectives): string => promised(rpoMs, rpoFromMs);

export const rangeOf = ({ fromMs, toMs }: DurationRange): string =>
  fromMs === toMs ? sentenceDuration(toMs) : promised(toMs, fromMs);

/** `stop_writers` → `stop writers`: names are made for machines. */
export const spoken = (name: string): string => name.replaceAll(/[_-]+/g, ' ').trim();

/** `Stop writers` */
export const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

export const calendarsText = (calendars: readonly Calendar[] | undefined): string =>
  (calendars ?? []).map(({ text }) => text).join(', ') || 'no calendar';

/** `Sat 5 December 2026, 10:00 (Europe/Berlin)`; undefined when it never comes again. */
export function nextDate(calendars: readonly Calendar[] | undefined, afterMs: number): string | undefined {
  const all = (calendars ?? []).flatMap((calendar) => {
    const atMs = calendar.next(afterMs);
    return atMs === undefined ? [] : [{ atMs, zone: calendar.timezone }];
  });
  const first = all.toSorted((one, other) => one.atMs - other.atMs)[0];
  return first === undefined ? undefined : dateIn(first.atMs, first.zone);
}

function dateIn(atMs: number, timeZone: string): string {
  const words = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(atMs);
  const part = (type: string): string => words.find((one) => one.type === type)?.value ?? '';
  return `${part('weekday')} ${part('day')} ${part('month')} ${part('year')}, ${part('hour')}:${part('minute')} (${timeZone})`;
}

/** Facts of which something is said; the others are left out. */
export const facts = (rows: readonly (readonly [string, Words | undefined | false])[]): Block[] => {
  const known = rows.filter((row): row is Fact => row[1] !== undefined && row[1] !== false && plainText(row[1]) !== '');
  return known.length === 0 ? [] : [{ kind: 'facts', rows: known }];
};

/** A list under its heading; nothing when it is empty. */
export const listed = (heading: string, kind: 'list' | 'ticks', items: readonly Words[]): Block[] =>
  items.length === 0
    ? []
    : [
        { kind: 'heading', text: heading },
        { kind, items },
      ];

export const table = (head: readonly string[], rows: readonly (readonly Words[])[]): Block[] =>
  rows.length === 0 ? [] : [{ kind: 'table', head, rows }];

export const joined = (names: readonly string[] | undefined, otherwise = '–'): string =>
  names === undefined || names.length === 0 ? otherwise : names.join(', ');

/** Links, with commas between them. */
export const links = (names: readonly string[], to: (name: string) => string): Words =>
  names.flatMap((name, index) => [...(index === 0 ? [] : [', ']), { to: to(name), text: name }]);

export const scenarioLink = (name: string): { readonly to: string; readonly text: string } => ({
  to: `scenario-${name}`,
  text: name,
});
