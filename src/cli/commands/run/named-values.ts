import { LifeboatError } from '../../../core/index.ts';
import type { Input } from '../../input.ts';

/** What an option that is written `--input NAME=VALUE` so often says, by name. Throws `input.flag`. */
export function namedValues(input: Input, option: string): Record<string, string> {
  const entries = input.texts(option).map((text) => {
    const sign = text.indexOf('=');
    if (sign > 0) return [text.slice(0, sign), text.slice(sign + 1)] as const;
    throw new LifeboatError('input.flag', `--${option} takes NAME=VALUE, not "${text}"`);
  });
  const twice = entries.find(([name], index) => entries.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new LifeboatError('input.flag', `--${option} ${twice[0]} is there twice`);
  return Object.fromEntries(entries);
}
