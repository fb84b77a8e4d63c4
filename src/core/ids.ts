import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A name that sorts by time and never repeats: 10 characters of milliseconds since 1970 and 16 of chance, in
 * Crockford's base 32, lower case (the ULID layout). Used for points, runs and sessions. Asserts that the milliseconds are whole: a fraction would
 * stand in the name as no letter of it.
 */
export function timeId(nowMs: number): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs >= 32 ** 10)
    throw new RangeError(`${nowMs} ms is no time of a name`);
  let time = '';
  for (let rest = nowMs, i = 0; i < 10; i += 1) {
    time = alphabet[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  return time + chance(16);
}

/** The milliseconds since 1970 that a `timeId` carries. */
export function timeOfId(id: string): number {
  return Array.from(id.slice(0, 10)).reduce((total, letter) => total * 32 + alphabet.indexOf(letter), 0);
}

export const isTimeId = (text: string): boolean => /^[0-9a-hjkmnp-tv-z]{26}$/.test(text);

/** `length` characters of chance (5 bits each): for names of temporary files and bubbles. */
export function chance(length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet[byte % 32]).join('');
}
