import type { Path } from '../../document.ts';
import type { Act } from './commands/act.ts';
import { actsOfText } from './commands/acts.ts';
import type { Facts } from './facts.ts';

/** Commands that stand beside procedures: kept at hand, or told in the description of an exercise. */
export function looseActs(
  facts: Facts,
): { readonly name: string; readonly path: Path; readonly acts: readonly Act[] }[] {
  const places: readonly (readonly [string, string])[] = [
    ['commands', 'command'],
    ['exercises', 'about'],
    ['drills', 'about'],
  ];
  return places.flatMap(([section, key]) =>
    facts.written.entries(section).flatMap(([name, written]) => {
      const text = written[key];
      return typeof text === 'string' ? [{ name, path: [section, name, key], acts: actsOfText(text) }] : [];
    }),
  );
}
