import { formatBytes, formatDuration } from '../../../core/in-words.ts';

export { formatBytes, formatDuration };

/** `5 m 3 s` of `303`; nothing of nothing known. */
export const seconds = (value: number | null | undefined, otherwise = 'unknown'): string =>
  value === null || value === undefined ? otherwise : value === 0 ? '0 s' : formatDuration(value * 1000);

/** For counting clocks: no jumping between one and two figures behind the point. */
export const wholeSeconds = (ms: number): string =>
  ms < 9950 ? `${Math.max(0, Math.floor(ms / 1000))} s` : formatDuration(ms);

/** `2 d 4 h ago`, `now`, `never`. */
export const ago = (seconds_: number | null | undefined, otherwise = 'never'): string =>
  seconds_ === null || seconds_ === undefined
    ? otherwise
    : seconds_ < 1
      ? 'now'
      : `${formatDuration(seconds_ * 1000)} ago`;

const pad = (value: number, length = 2): string => String(value).padStart(length, '0');

/** `20:41:03` of where we sit. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `2026-11-21 20:41:03` of where we sit. */
export function dayAndTime(value: string | number | null | undefined, otherwise = 'never'): string {
  if (value === null || value === undefined) return otherwise;
  const date = new Date(value);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clockTime(date.getTime())}`;
}

/** Moments inside a sentence of the server, as we say them. */
export const inLocalTime = (text: string): string =>
  text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (moment) => dayAndTime(moment));

/** `in 3 d`, `now`, `2 h overdue`. */
export function until(at: string | null | undefined, nowMs: number, otherwise = 'not planned'): string {
  if (at === null || at === undefined) return otherwise;
  const ms = Date.parse(at) - nowMs;
  return ms >= 1000 ? `in ${formatDuration(ms)}` : ms > -1000 ? 'now' : `${formatDuration(-ms)} overdue`;
}

/** `1 point`, `3 points`. */
export const count = (many: number, one: string, more = `${one}s`): string =>
  `${many.toLocaleString('en')} ${many === 1 ? one : more}`;
