import { LifeboatError } from '../core/index.ts';

export interface Filled {
  readonly text: string;
  /** Names that the template uses and nobody knows: the text says so in their place. */
  readonly unknown: readonly string[];
}

const blank = /\{\{-?\s*([^{}]*?)\s*-?\}\}/g;
const name = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;

/** What of Liquid is in a text that `fill` cannot do: tags and filters. */
export function beyondFill(text: string): string | undefined {
  const tag = /\{%-?\s*(\w*)/.exec(text);
  if (tag !== null) return `the tag ${tag[1]}`;
  const inside = [...text.matchAll(blank)].map(([, one = '']) => one).find((one) => !name.test(one));
  return inside === undefined ? undefined : `{{ ${inside} }}`;
}

/**
 * Puts values in place of `{{ incident.duration }}`: the part of Liquid that messages need. Only own properties are looked at. What nobody knows is
 * named in the text: on the day, a message with a hole is better than none, as long as the hole is seen. Throws `plan.not_executable` for more of Liquid.
 */
export function fill(text: string, values: Readonly<Record<string, unknown>>): Filled {
  const beyond = beyondFill(text);
  if (beyond !== undefined) {
    throw new LifeboatError('plan.not_executable', `a template holds ${beyond}, and only names are filled in yet`, {
      hint: 'Write {{ incident.duration }} and the like.',
    });
  }
  const unknown: string[] = [];
  const filled = text.replaceAll(blank, (_, path: string) => {
    const value = valueAt(values, path.split('.'));
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    unknown.push(path);
    return `(${path}: not known)`;
  });
  return { text: filled, unknown: [...new Set(unknown)] };
}

function valueAt(values: unknown, path: readonly string[]): unknown {
  let value = values;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
