import { describe, expect, test } from 'vitest';
import { errorsIn, planOf, smallPlan } from './testing/check-text.ts';

describe('YAML with two readings is refused', () => {
  const cases: [title: string, text: string, error: RegExp][] = [
    ['a file that is not YAML', 'lifeboat: 1\nplan: [a', /plan\.syntax/],
    ['an empty file', '', /plan\.empty/],
    ['only a comment', '# nothing\n', /plan\.empty/],
    ['a list at the top', '- lifeboat\n', /plan\.not_a_mapping/],
    ['a key that stands twice', `${smallPlan}plan: again\n`, /6:1 plan\.duplicate_name the same key stands twice/],
    ['a tab that indents', `${smallPlan}policies:\n\tp: {}\n`, /7:1 plan\.syntax a tab is used to indent/],
    ['a tag that nobody knows', smallPlan.replace('small', '!secret small'), /2:7 plan\.syntax .*Leave the ! tag out/],
    ['two documents', `${smallPlan}---\n${smallPlan}`, /plan\.syntax/],
    [
      'aliases that unfold without end',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
        .split('')
        .map((letter, index) => `${letter}: &${letter} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`)
        .join('\n')}\n`,
      /plan\.too_many_aliases/,
    ],
    ['nesting without end', `a: ${'['.repeat(50_000)}`, /plan\.(too_deep|syntax)/],
  ];

  test.each(cases)('%s', (_, text, error) => {
    expect(errorsIn(text)[0]).toMatch(error);
  });

  test('a name that is a trap of JavaScript is an unknown key like any other', () => {
    expect(errorsIn(`${smallPlan}__proto__: { polluted: true }\nconstructor: {}\n`)).toHaveLength(2);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('an alias is read, and its place is where it is used', () => {
    const text = smallPlan.replace(
      '{ type: files, path: ./documents }',
      '&one { type: files, path: ./documents }, two: *one',
    );
    expect([
      ...planOf(text.replace('documents: &one', 'first: &one').replace('}, two', '}, two')).assets.keys(),
    ]).toContain('first');
  });
});
