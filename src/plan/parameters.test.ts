import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parametersIn, withValues } from './parameters.ts';
import { errorsIn, planOf, smallPlan } from './testing/check-text.ts';

const withParameters = (parameters: string, rest = ''): string => `${smallPlan}parameters: ${parameters}\n${rest}`;

describe('parameters of a plan', () => {
  test('stand in texts, and as the value itself where the text is nothing else', () => {
    const values = new Map<string, string | number | boolean>([
      ['env', 'prod'],
      ['count', 3],
      ['on', true],
    ]);
    expect(
      withValues({ a: 'b-${parameters.env}', c: ['${parameters.count}'], d: '${ parameters.on }' }, values),
    ).toEqual({
      a: 'b-prod',
      c: [3],
      d: true,
    });
  });

  test('are known before anything is judged', () => {
    const text = withParameters(
      '{ often: { type: duration, default: 6h } }',
      'policies: { p: { every: "every ${parameters.often}" } }\n',
    );
    expect(
      planOf(text)
        .policies.get('p')
        ?.every.map((calendar) => calendar.text),
    ).toEqual(['every 6h']);
    expect(planOf(text).parameters.get('often')).toEqual({ type: 'duration', default: '6h', value: '6h' });
  });

  test('are part of expressions', () => {
    const values = new Map<string, string>([['env', 'prod']]);
    expect(withValues('${parameters.env == "prod" ? "big" : "small"}', values)).toBe('big');
    expect(withValues('${steps.a.url + parameters.env}', values)).toBe('${steps.a.url + "prod"}');
  });

  test('leave every other text as it is', () => {
    const values = new Map<string, string>([['env', 'prod']]);
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('parameters.env')),
        (text) => void expect(withValues(text, values)).toBe(text),
      ),
    );
    expect(withValues('$${parameters.env} ${HOME:-parameters.env}', values)).toBe(
      '$${parameters.env} ${HOME:-parameters.env}',
    );
  });

  test.each([
    ['without a value', '{ env: {} }', /6:15 plan\.missing_key the parameter env has no value/],
    ['of another type', '{ n: { type: number, default: x } }', /plan\.wrong_value the parameter n is not a number/],
    [
      'that is no duration',
      '{ d: { type: duration, default: soon } }',
      /plan\.wrong_value the parameter d is not a duration/,
    ],
    [
      'that is not one of those allowed',
      '{ e: { default: prd, oneOf: [prod, test] } }',
      /cannot be prd\. Did you mean prod\?/,
    ],
    ['with an unknown key', '{ e: { default: a, abut: x } }', /plan\.unknown_key there is no key "abut"/],
    ['whose name no expression can read', '{ "a-b": { default: x } }', /plan\.wrong_name/],
  ])('%s are an error', (_, parameters, expected) => {
    expect(errorsIn(withParameters(parameters))).toEqual([expect.stringMatching(expected)]);
  });

  test('that nothing declares are told where they are asked for', () => {
    const text = `${smallPlan}owner: "\${parameters.team}"\n`;
    expect(errorsIn(text)).toEqual([expect.stringMatching(/6:8 plan\.unknown_reference there is no parameter "team"/)]);
  });

  test('of a scenario stay for the run, and only its own steps know them', () => {
    const scenario = (name: string): string =>
      `${smallPlan}scenarios: { s: { parameters: { revision: { default: "3" } }, steps: [{ exec: [undo, "\${parameters.${name}}"] }] } }\n`;
    expect(planOf(scenario('revision')).scenarios.get('s')?.steps[0]?.settings).toEqual([
      'undo',
      '${parameters.revision}',
    ]);
    expect(errorsIn(scenario('revison'))).toEqual([
      expect.stringMatching(/there is no parameter "revison"\. Did you mean revision\?/),
    ]);
  });

  test('are found by their names', () => {
    expect(parametersIn('${parameters.a + steps.b.c} ${parameters.d} $${parameters.e}')).toEqual(['a', 'd']);
    expect(parametersIn('${parameters.')).toEqual([]);
  });
});
