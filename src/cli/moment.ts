import { momentIn } from '../app/index.ts';
import type { Input } from './input.ts';

/** A moment with its zone, milliseconds since 1970. Throws `input.flag`. */
export function momentOf(input: Input, option: string): number | undefined {
  const text = input.text(option);
  return text === undefined ? undefined : momentIn(text, `--${option}`);
}
