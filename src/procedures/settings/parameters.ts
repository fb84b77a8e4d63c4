import { LifeboatError, parseDuration } from '../../core/index.ts';
import type { Scenario } from '../../plan/index.ts';
import { valueOf } from '../people/say.ts';

/**
 * What the parameters of a scenario are in a run: as typed, each checked by its type, else by their default. Throws `input.flag` for one that
 * the scenario does not have, that is not of its type, or that nobody gave and that has no default.
 */
export function parametersOf(
  { name, parameters = new Map() }: Pick<Scenario, 'name' | 'parameters'>,
  given: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const foreign = Object.keys(given).find((one) => !parameters.has(one));
  if (foreign !== undefined) {
    throw new LifeboatError('input.flag', `${name} has no parameter ${foreign}`, {
      hint: `It has: ${[...parameters.keys()].join(', ') || 'none'}.`,
    });
  }
  const missing = [...parameters].filter(
    ([one, { default: value }]) => value === undefined && !Object.hasOwn(given, one),
  );
  if (missing.length > 0) {
    const words = missing.map(([one, { about }]) => `${one}${about === undefined ? '' : ` (${about})`}`).join(', ');
    throw new LifeboatError('input.flag', `${name} asks for ${words}`, {
      hint: `Write ${missing.map(([one]) => `--parameter ${one}=…`).join(' ')}.`,
    });
  }
  return Object.fromEntries(
    [...parameters].map(([one, { type, oneOf, default: value }]) => {
      const text = given[one];
      if (text === undefined) return [one, value];
      // A duration stays as people write it, for that is how settings take it.
      const typed = valueOf(one, { type, ...(oneOf === undefined ? {} : { oneOf }) }, text);
      if (type !== 'duration') return [one, typed];
      parseDuration(text);
      return [one, text.trim()];
    }),
  );
}
