import { LifeboatError } from '../core/index.ts';
import type { Input } from './input.ts';

/** A moment with its zone, milliseconds since 1970: a time without one means different moments to different people. Throws `input.flag`. */
export function momentOf(input: Input, option: string): number | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const ms = Date.parse(text.trim().replace(' ', 'T'));
  if (/T.*(Z|[+-]\d\d:?\d\d)$/i.test(text.trim().replace(' ', 'T')) && !Number.isNaN(ms)) return ms;
  throw new LifeboatError('input.flag', `--${option} "${text}" is not a moment with a time zone`, {
    hint: 'Write 2026-11-21T03:00:00Z or 2026-11-21T04:00:00+01:00.',
  });
}
