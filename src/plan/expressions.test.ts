import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLifeboatError, limits, systemClock } from '../core/index.ts';
import {
  evaluate,
  evaluateDeep,
  evaluateTemplate,
  expressionsIn,
  hasExpression,
  holds,
  namesIn,
  templateHolds,
} from './expressions.ts';

const codeOf = (act: () => unknown): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return isLifeboatError(error) ? error.code : String(error);
  }
};

describe('values', () => {
  test.each([[5], [5n], ['5']])('%o is more than zero, whatever the driver makes of a number', (value) => {
    expect(holds('value > 0', { value })).toBe(true);
    expect(holds('value == 5', { value })).toBe(true);
    expect(holds('value != 5', { value })).toBe(false);
    expect(holds('0 < value && value <= 5.0', { value })).toBe(true);
  });

  test('a text stays a text where it is compared with one', () => {
    expect(holds('value == "0"', { value: '0' })).toBe(true);
    expect(holds('value > 0', { value: 'many' })).toBe(false);
    expect(holds('value <= 0', { value: 'many' })).toBe(false);
  });

  test('whole numbers and fractions mix', () => {
    expect(evaluate('value * 1.5', { value: 3 })).toBe(4.5);
    expect(evaluate('value + 1', { value: 3 })).toBe(4);
    expect(holds('value % 2 == 0', { value: 4 })).toBe(true);
  });

  test('numbers beyond 2^53 are compared exactly, and never turn into wrong numbers', () => {
    expect(holds('value == 9007199254740993', { value: '9007199254740993' })).toBe(true);
    expect(holds('value == 9007199254740992', { value: 9007199254740993n })).toBe(false);
    expect(evaluate('value', { value: 9007199254740993n })).toBe('9007199254740993');
  });

  test('nothing is null, and never more than zero', () => {
    expect(holds('value == null', { value: undefined })).toBe(true);
    expect(codeOf(() => holds('value > 0', { value: null }))).toBe('expression.invalid');
  });

  test('a variable named like a type of CEL is the variable', () => {
    expect(holds('exists && bytes > 100', { exists: true, bytes: 200 })).toBe(true);
  });

  test('any plain data goes through unchanged', () => {
    const plain = fc
      .jsonValue({ noUnicodeString: false })
      .filter((data) => !JSON.stringify(data).includes('__proto__'));
    fc.assert(
      fc.property(plain, (data) => {
        const back = JSON.parse(JSON.stringify(evaluate('x', { x: data }))) as unknown;
        expect(back).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });
});

describe('templates', () => {
  test('exactly one expression gives the value itself', () => {
    expect(evaluateTemplate('${steps.a}', { steps: { a: { url: 'x' } } })).toEqual({ url: 'x' });
    expect(evaluateTemplate('${n}', { n: 4 })).toBe(4);
  });

  test('anything beside it makes a text', () => {
    expect(evaluateTemplate('http://127.0.0.1:${port}/', { port: 8080 })).toBe('http://127.0.0.1:8080/');
  });

  test('$${ is a plain ${', () => {
    expect(evaluateTemplate('a $${b} ${c}', { c: 1 })).toBe('a ${b} 1');
    expect(hasExpression('$${b}')).toBe(false);
  });

  test('braces of maps and texts inside an expression do not end it', () => {
    expect(evaluateTemplate('${ {"k": "}"}["k"] }', {})).toBe('}');
  });

  test('data is replaced in depth, keys are not', () => {
    expect(evaluateDeep({ '${a}': ['${a}', { b: 'x${a}' }] }, { a: 1 })).toEqual({ '${a}': [1, { b: 'x1' }] });
  });

  test('a text without expressions is itself, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('${')),
        (text) => void expect(evaluateTemplate(text, {})).toBe(text),
      ),
    );
  });

  test('nothing cannot stand in a text', () => {
    expect(codeOf(() => evaluateTemplate('a ${b}', { b: null }))).toBe('expression.invalid');
  });

  test('a condition is one expression that gives true or false', () => {
    expect(templateHolds('${a == 1}', { a: 1 })).toBe(true);
    expect(codeOf(() => templateHolds('a == 1', { a: 1 }))).toBe('expression.invalid');
    expect(codeOf(() => templateHolds('${a}', { a: 1 }))).toBe('expression.invalid');
  });

  test('the expressions of a text are found with their places', () => {
    expect(expressionsIn('a ${ b } ${c}')).toEqual([
      { expression: 'b', offset: 4 },
      { expression: 'c', offset: 11 },
    ]);
  });
});

describe('what goes wrong', () => {
  test.each(['value >', '1 +', '', '${', 'a b', '(', '"open'])('"%s" does not parse', (expression) => {
    expect(codeOf(() => namesIn(expression))).toBe('expression.invalid');
  });

  test('an unknown name is named', () => {
    expect(() => evaluate('valu > 0', { value: 1 })).toThrow('names valu, which is not there');
    expect(() => evaluate('steps.a.url', { steps: {} })).toThrow('names a, which is not there');
  });

  test('what every JavaScript object inherits is not there', () => {
    expect(codeOf(() => evaluate('steps.constructor', { steps: {} }))).toBe('expression.invalid');
    expect(codeOf(() => evaluate('steps.__proto__', { steps: {} }))).toBe('expression.invalid');
    expect(codeOf(() => evaluate('toString', {}))).toBe('expression.invalid');
  });

  test('a regular expression without end is ended', () => {
    const startedMs = systemClock.elapsed();
    expect(codeOf(() => evaluate('value.matches("(a+)+$")', { value: `${'a'.repeat(40)}!` }))).toBe(
      'expression.invalid',
    );
    expect(systemClock.elapsed() - startedMs).toBeLessThan(limits.expressionMs * 5);
    expect(evaluate('1 + 1', {})).toBe(2);
  });

  test('an expression as long as a program is refused', () => {
    expect(codeOf(() => evaluate(`${'1 + '.repeat(2000)}1`, {}))).toBe('expression.invalid');
  });

  test('no text at all makes anything but a value or expression.invalid', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab1.+-*/%()[]{}"\'\\?:&|!<>= ,${}') }), (expression) => {
        expect([undefined, 'expression.invalid']).toContain(codeOf(() => evaluate(expression, { a: 1, b: 'x' })));
      }),
      { numRuns: 2000 },
    );
  });
});

test('names are found as paths, without what macros bind', () => {
  expect(namesIn('steps.a.url == value && rows.all(row, row.x > limits.y)')).toEqual([
    ['steps', 'a', 'url'],
    ['value'],
    ['rows'],
    ['limits', 'y'],
  ]);
});
