/**
 * Whether a path, relative and with `/` between its parts, is named by one of these patterns. `*` is anything within a part and `?` one
 * character, leading dots included; `**` is any number of parts; `[a-z]` and `[!a-z]` one character of or not of them; `{a,b}` either;
 * a backslash takes the meaning from what follows. A pattern is about the whole path. Throws a `SyntaxError` for a range that is none.
 */
export function matcherOf(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false;
  const expression = new RegExp(`^(?:${patterns.map(expressionOf).join('|')})$`, 'su');
  return (path) => expression.test(path);
}

function expressionOf(pattern: string): string {
  const plain = pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
  let made = '';
  let open = 0;
  for (let at = 0; at < plain.length;) {
    const [whole, kind] = tokenAt(plain, at);
    at += whole.length;
    if (kind === 'open') open += 1;
    if (kind === 'close' && open > 0) open -= 1;
    else if (kind === 'close') {
      made += '\\}';
      continue;
    }
    made += kind === 'comma' && open === 0 ? ',' : writtenOf(whole, kind);
  }
  // A brace that nobody closes is a brace; so seldom that starting again is good enough.
  return open > 0 ? expressionOf(plain.replaceAll(/(?<!\\)\{/g, '\\{')) : made;
}

type Kind = 'parts' | 'rest' | 'star' | 'one' | 'class' | 'open' | 'comma' | 'close' | 'escaped' | 'plain';

const tokens: readonly (readonly [RegExp, Kind])[] = [
  // Whole parts alone: `a**` is a star said twice.
  [/(?<=^|\/)\*\*\//y, 'parts'],
  [/(?<=^|\/)\*\*$/y, 'rest'],
  [/\*+/y, 'star'],
  [/\?/y, 'one'],
  [/\[!?\]?[^\]/]*\]/y, 'class'],
  [/\{/y, 'open'],
  [/,/y, 'comma'],
  [/\}/y, 'close'],
  [/\\./suy, 'escaped'],
  [/./suy, 'plain'],
];

function tokenAt(pattern: string, at: number): [string, Kind] {
  for (const [expression, kind] of tokens) {
    expression.lastIndex = at;
    const found = expression.exec(pattern)?.[0];
    if (found !== undefined) return [found, kind];
  }
  throw new Error('every character is a token');
}

function writtenOf(whole: string, kind: Kind): string {
  switch (kind) {
    case 'parts':
      return '(?:[^/]+/)*';
    case 'rest':
      return '.+';
    case 'star':
      return '[^/]*';
    case 'one':
      return '[^/]';
    case 'class':
      return classOf(whole.slice(1, -1));
    case 'open':
      return '(?:';
    case 'comma':
      return '|';
    case 'close':
      return ')';
    case 'escaped':
      return literal(whole.slice(1));
    default:
      return literal(whole);
  }
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** Only a dash between two characters has a meaning in it. */
function classOf(inside: string): string {
  const negated = inside.startsWith('!');
  const body = (negated ? inside.slice(1) : inside).replaceAll(/[\\[\]^]/g, '\\$&');
  return negated ? `(?!/)[^${body}]` : `[${body}]`;
}
