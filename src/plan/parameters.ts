import { isLifeboatError, parseDuration } from '../core/index.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Path } from './document.ts';
import { evaluate, expressionsIn, namesIn } from './expressions.ts';
import type { FindingCode } from './finding-codes.ts';
import type { Parameter } from './model.ts';
import { parameter as parameterSchema } from './schema/practice.ts';
import { identifierPattern } from './schema/words.ts';

export type Values = ReadonlyMap<string, string | number | boolean>;

/** What is wrong with a parameter, before the file is known. */
export interface ParameterProblem {
  readonly code: FindingCode;
  readonly path: Path;
  readonly message: string;
  readonly hint: string;
}

/** The parameters that a file declares, each with the value that was given or its default; what is wrong goes to `report`. */
export function readParameters(
  written: unknown,
  given: Readonly<Record<string, unknown>>,
  report: (problem: ParameterProblem) => void,
): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  // The form of the section is judged with the rest of the plan.
  if (!isMapping(written)) return parameters;
  for (const [name, declaration] of Object.entries(written)) {
    const read = parameterSchema.safeParse(declaration ?? {});
    if (!read.success || !identifierPattern.test(name)) continue;
    const value = given[name] ?? read.data.default;
    const parameter: Parameter = { ...read.data, type: read.data.type ?? 'text' };
    const problem = value === undefined ? missing(name) : problemOf(name, parameter, value);
    if (problem === undefined) parameters.set(name, { ...parameter, value: value as string | number | boolean });
    else report(problem);
  }
  return parameters;
}

/**
 * Data with the parameters of the plan in the place of their `${parameters.NAME}`. A text that is exactly one of them becomes the
 * value itself; an expression that also names what only a run knows keeps the rest of itself.
 */
export function withValues(data: unknown, values: Values): unknown {
  if (values.size === 0) return data;
  if (typeof data === 'string') return data.includes('parameters.') ? inText(data, values) : data;
  if (Array.isArray(data)) return data.map((item) => withValues(item, values));
  if (!isMapping(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, part]) => [key, withValues(part, values)]));
}

/** Names of parameters that a text asks for; none where it does not parse, as in a shell's own `${…}`. */
export function parametersIn(text: string): string[] {
  if (!text.includes('parameters.')) return [];
  return quietly(() =>
    expressionsIn(text).flatMap(({ expression }) =>
      quietly(() => namesIn(expression)).flatMap(([root, name]) =>
        root === 'parameters' && name !== undefined ? [name] : [],
      ),
    ),
  );
}

const missing = (name: string): ParameterProblem => ({
  code: 'plan.missing_key',
  path: [name],
  message: `the parameter ${name} has no value`,
  hint: 'Give it a default, or give it where the file is included: with: { NAME: … }.',
});

function problemOf(name: string, { type, oneOf }: Parameter, value: unknown): ParameterProblem | undefined {
  const wrong = (message: string, hint: string): ParameterProblem => ({
    code: 'plan.wrong_value',
    path: [name],
    message: `the parameter ${name} ${message}`,
    hint,
  });
  if (type === 'duration' && !isDuration(value)) return wrong('is not a duration', 'Write 30s, 15m, 24h or 90d.');
  if (type === 'number' && typeof value !== 'number') return wrong('is not a number', 'Write it without quotes.');
  if (type === 'boolean' && typeof value !== 'boolean')
    return wrong('is neither true nor false', 'Write true or false.');
  if (type === 'text' && typeof value !== 'string') return wrong('is not a text', 'Write it in quotes.');
  if (oneOf === undefined || oneOf.some((one) => one === value)) return undefined;
  return wrong(
    `cannot be ${String(value)}`,
    didYouMean(String(value), oneOf.map(String)) ?? 'Choose one that is allowed.',
  );
}

function isDuration(value: unknown): boolean {
  try {
    return typeof value === 'string' && parseDuration(value) >= 0;
  } catch (error) {
    if (isLifeboatError(error, 'input.flag')) return false;
    throw error;
  }
}

function inText(text: string, values: Values): unknown {
  const found = quietly(() => expressionsIn(text));
  let result = '';
  let end = 0;
  for (const { expression, offset } of found) {
    const value = valueOf(expression, values);
    if (value === undefined) continue;
    const [start, stop] = [text.lastIndexOf('${', offset), text.indexOf('}', offset + expression.length) + 1];
    if (start === 0 && stop === text.length && !('rest' in value)) return value.whole;
    result += text.slice(end, start) + ('rest' in value ? `\${${value.rest}}` : String(value.whole));
    end = stop;
  }
  return result + text.slice(end);
}

/** The value of an expression, or what is left of it, or undefined when it asks for none of the values. */
function valueOf(expression: string, values: Values): { whole: unknown } | { rest: string } | undefined {
  const names = quietly(() => namesIn(expression));
  const ours = names.filter(([root, name]) => root === 'parameters' && values.has(name ?? ''));
  if (ours.length === 0) return undefined;
  if (ours.length === names.length) {
    const [whole] = quietly(() => [evaluate(expression, { parameters: Object.fromEntries(values) })]);
    return whole === undefined ? undefined : { whole };
  }
  const rest = expression.replaceAll(/\bparameters\.([A-Za-z_]\w*)/g, (whole, name: string) =>
    values.has(name) ? JSON.stringify(values.get(name)) : whole,
  );
  return { rest };
}

/** What does not parse is reported where steps and checks are read; here it only asks for nothing. */
function quietly<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (isLifeboatError(error, 'expression.invalid')) return [];
    throw error;
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
