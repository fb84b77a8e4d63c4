import { array, assert, constantFrom, property } from 'fast-check';
import { expect, it } from 'vitest';
import { actsOfText } from './acts.ts';
import { commandsIn } from './shell.ts';

const programs = (text: string): string[] =>
  commandsIn(text).map(({ program, words }) => [program, ...words].join(' '));

it('reads pipes, lists, comments, continued lines and quotes', () => {
  expect(programs('a "b c" # not this\nd \\\n  e && f; g | h')).toEqual(['a b c', 'd e', 'f', 'g', 'h']);
});

it('knows what a program reads and writes', () => {
  expect(commandsIn('pg_dump shop 2>/dev/null | gzip > "$FILE"')).toMatchObject([
    { program: 'pg_dump', output: undefined },
    { program: 'gzip', output: '$FILE', before: { program: 'pg_dump' } },
  ]);
});

it('passes over settings, sudo and here-documents', () => {
  expect(programs("PGPASSWORD=x sudo psql -d shop <<'END'\nDROP TABLE users;\nEND\nls")).toEqual([
    'psql -d shop',
    'ls',
  ]);
});

it('keeps a substitution in its word', () => {
  expect(programs('kubectl create secret generic a --from-literal=URL=$(get a | sed b) -n shop')).toHaveLength(1);
});

it('never throws, whatever is written, and ends soon', () => {
  const hostile = array(
    constantFrom('$(', ')', '"', "'", '\\', '\n', '|', '<<E', '>', 'psql', ' -c ', 'select', ';', '{', '#'),
    { maxLength: 200 },
  );
  assert(
    property(hostile, (parts) => {
      actsOfText(parts.join(''));
    }),
    { numRuns: 300 },
  );
  for (const part of ['<<A\n', '\n', 'psql -c "drop   ', '$(', '"', '(', '<<A', "'", '\\', '$(('])
    actsOfText(part.repeat(10_000));
});
