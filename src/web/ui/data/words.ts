// The same words for the same numbers as the command line; a test holds them against core/units.

/** A duration for people: `0.4 s`, `12 s`, `6 m 12 s`, `3 h 5 m`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 9950) return `${(ms / 1000).toFixed(ms < 95 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return pair(days, 'd', hours, 'h');
  if (hours > 0) return pair(hours, 'h', minutes, 'm');
  if (minutes > 0) return pair(minutes, 'm', seconds % 60, 's');
  return `${seconds} s`;
}

const pair = (major: number, majorUnit: string, minor: number, minorUnit: string): string =>
  minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;

/** A size for people, powers of 1,000: `812 B`, `4.2 kB`, `13 MB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

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

/** `in 3 d`, `now`, `2 h overdue`. */
export function until(at: string | null | undefined, nowMs: number, otherwise = 'not planned'): string {
  if (at === null || at === undefined) return otherwise;
  const ms = Date.parse(at) - nowMs;
  return ms >= 1000 ? `in ${formatDuration(ms)}` : ms > -1000 ? 'now' : `${formatDuration(-ms)} overdue`;
}

/** `1 point`, `3 points`. */
export const count = (many: number, one: string, more = `${one}s`): string =>
  `${many.toLocaleString('en')} ${many === 1 ? one : more}`;
