import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { list, mapping, scalar } from './node.ts';
import { writeYaml } from './yaml.ts';

/** Letters that others have come to grief over: blanks and line ends of other scripts, marks of YAML, halves of letters. */
const letter = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  fc.constantFrom(...'\u2028\u2029\u0085\u00a0\u3000\ufeff\t\n\r :#-?|>[]{}&*!%@`\'"~,', '\ud800'),
);
const text = fc.string({ unit: letter, maxLength: 12 });

describe('the text of a plan that is written', () => {
  it('reads back as what was meant, whatever stands in it', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const node = mapping({
          one: scalar(one, 1),
          list: list([scalar(other), scalar(one)], 2),
          deep: mapping({ other: scalar(other) }, 3),
        });
        expect(parse(writeYaml(node, []))).toEqual({ one, list: [other, one], deep: { other } });
      }),
      { numRuns: 2000 },
    );
  });
});
