import { formatBytes, formatDuration } from '../core/index.ts';

/** Seconds for people; what nobody knows says so. */
export const time = (seconds: number | undefined, otherwise = 'not known'): string =>
  seconds === undefined ? otherwise : seconds === 0 ? '0 s' : formatDuration(seconds * 1000);

export const bytes = (value: number | undefined): string => (value === undefined ? 'not known' : formatBytes(value));

export const count = (value: number | undefined): string =>
  value === undefined ? 'not known' : value.toLocaleString('en-US').replaceAll(',', ' ');

/** `2026-11-21 03:57:00 UTC` */
export const moment = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')} UTC`;
