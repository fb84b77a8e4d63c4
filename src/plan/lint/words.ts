/** A duration inside a sentence, rounded to what is heard: `45 s`, `6 h 12 min`, `35 days`, `7 years`. */
export function sentenceDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'for ever';
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (minutes < 48 * 60) return pair(hours, 'h', minutes % 60, 'min');
  const days = Math.floor(minutes / 1440);
  if (days < 730 || days % 365 !== 0) return pair(days, 'days', Math.round((minutes % 1440) / 60), 'h');
  return `${days / 365} years`;
}

const pair = (major: number, majorUnit: string, minor: number, minorUnit: string): string =>
  minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`;

/** `a`, `a and b`, `a, b and c`; after five the rest is counted. */
export function listed(names: readonly string[]): string {
  const shown = names.length > 5 ? [...names.slice(0, 4), `${names.length - 4} more`] : names;
  const last = shown.at(-1) ?? '';
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`;
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
