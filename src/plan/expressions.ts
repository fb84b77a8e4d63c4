import { createContext, Script } from 'node:vm';
import { LifeboatError, limits, messageOf } from '../core/index.ts';
import { expressionLanguage, type CelNode } from './expression-language.ts';
import { identifiersIn, namesOf } from './expression-names.ts';
import { plainOf, prepared } from './expression-values.ts';
import { splitTemplate, type TemplatePart } from './template-text.ts';

/** What an expression may name, by name. Plain data: numbers, bigints, texts, dates, lists, objects. */
export type Variables = Readonly<Record<string, unknown>>;

/**
 * The value of a CEL expression as plain data: whole numbers as `number` (as text beyond 2^53), dates as ISO text.
 * Whole numbers count as CEL's int; they mix with fractions, and a text that reads as a number compares as one
 * (`value > 0` where SQL answers `'12'`). Throws `expression.invalid`, also when it takes too long.
 */
export function evaluate(expression: string, variables: Variables): unknown {
  const { run, given } = boundTo(expression, variables);
  try {
    return plainOf(withinTime(() => run(prepared(given))));
  } catch (error) {
    throw invalid(expression, error);
  }
}

/** As `evaluate`, for conditions: anything but true or false is `expression.invalid`. */
export function holds(expression: string, variables: Variables): boolean {
  const value = evaluate(expression, variables);
  if (typeof value === 'boolean') return value;
  throw new LifeboatError('expression.invalid', `\`${expression}\` is not a condition: it gives ${kindOf(value)}`, {
    hint: 'Compare it with something, e.g. value > 0.',
  });
}

/**
 * A text of the plan with its `${…}` replaced. A text that is exactly one `${…}` becomes the value itself; otherwise the values
 * are joined into the text. `$${` stands for a plain `${`. Throws `expression.invalid`.
 */
export function evaluateTemplate(text: string, variables: Variables): unknown {
  const parts = partsOf(text);
  const only = parts[0];
  if (parts.length === 1 && only?.kind === 'expression') return evaluate(only.text, variables);
  return parts.map((part) => (part.kind === 'text' ? part.text : textOf(part.text, variables))).join('');
}

/** Plain data with every text in it evaluated as a template; keys stay as they are. */
export function evaluateDeep(data: unknown, variables: Variables): unknown {
  if (typeof data === 'string') return evaluateTemplate(data, variables);
  if (Array.isArray(data)) return data.map((item) => evaluateDeep(item, variables));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, evaluateDeep(value, variables)]));
}

/** Whether the text of an `if` holds: exactly one `${…}` that gives true or false. */
export function templateHolds(text: string, variables: Variables): boolean {
  const parts = partsOf(text);
  const only = parts[0];
  if (parts.length === 1 && only?.kind === 'expression') return holds(only.text, variables);
  throw new LifeboatError('expression.invalid', `"${text}" is not a condition`, {
    hint: 'Write one ${…} and nothing beside it.',
  });
}

export const hasExpression = (text: string): boolean => /(^|[^$])\$\{/.test(text);

/** The expressions of a template, in order. Throws `expression.invalid` when a `${` has no end. */
export function expressionsIn(text: string): { expression: string; offset: number }[] {
  return partsOf(text).flatMap((part) =>
    part.kind === 'text' ? [] : [{ expression: part.text, offset: part.offset }],
  );
}

/** Parses without evaluating; what it names, as paths: `steps.bring_back.url`. Throws `expression.invalid`. */
export function namesIn(expression: string): string[][] {
  return namesOf(compiled(expression).ast);
}

/**
 * CEL has types of the same name as what we observe (`bytes` of a file). Here the variable is meant: it is read under another
 * name, and the expression is written so.
 */
function boundTo(expression: string, variables: Variables): { run: Compiled; given: Variables } {
  const run = compiled(expression);
  const shadowed = typeNames.filter((name) => Object.hasOwn(variables, name));
  if (shadowed.length === 0) return { run, given: variables };
  const places = identifiersIn(run.ast).filter(({ args }) => shadowed.includes(String(args)));
  const text = places
    .toSorted((a, b) => b.start - a.start)
    .reduce(
      (written, { start, end, args }) => `${written.slice(0, start)}${own(String(args))}${written.slice(end)}`,
      expression,
    );
  const renamed = shadowed.map((name) => [own(name), variables[name]]);
  return { run: compiled(text), given: { ...variables, ...Object.fromEntries(renamed) } };
}

const typeNames = ['bool', 'bytes', 'double', 'dyn', 'int', 'list', 'map', 'string', 'type', 'uint'];
const own = (name: string): string => `own_${name}`;

type Compiled = ((context: object) => unknown) & { readonly ast: CelNode };

function compiled(expression: string): Compiled {
  if (expression.length > limits.expressionCharactersMax) {
    throw new LifeboatError(
      'expression.invalid',
      `an expression has ${expression.length} characters, at most ${limits.expressionCharactersMax} are read`,
    );
  }
  try {
    return expressionLanguage().parse(expression) as unknown as Compiled;
  } catch (error) {
    throw invalid(expression, error);
  }
}

const sandbox = createContext({ work: undefined as unknown });
const callWork = new Script('work()');

/** A regular expression can take for ever; the engine itself ends it after a bounded time. */
function withinTime<T>(work: () => T): T {
  sandbox['work'] = work;
  try {
    return callWork.runInContext(sandbox, { timeout: limits.expressionMs }) as T;
  } finally {
    sandbox['work'] = undefined;
  }
}

function textOf(expression: string, variables: Variables): string {
  const value = evaluate(expression, variables);
  if (value === null || value === undefined) {
    throw new LifeboatError('expression.invalid', `\`${expression}\` gives nothing that could stand in a text`);
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function partsOf(text: string): TemplatePart[] {
  const parts = splitTemplate(text);
  if (parts !== undefined) return parts;
  throw new LifeboatError('expression.invalid', `a \${ has no end in "${text}"`, {
    hint: 'Close it with }, or write $${ for a plain ${.',
  });
}

function invalid(expression: string, error: unknown): LifeboatError {
  if (error instanceof LifeboatError) return error;
  const shown = `\`${expression}\``;
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
    return new LifeboatError(
      'expression.invalid',
      `${shown} took longer than ${limits.expressionMs / 1000} s and was ended`,
    );
  }
  const why = summaryOf(error);
  const unknown = /^(?:Unknown variable|No such key): (.*)$/.exec(why)?.[1];
  if (unknown !== undefined)
    return new LifeboatError('expression.invalid', `${shown} names ${unknown}, which is not there`, { cause: error });
  return new LifeboatError('expression.invalid', `${shown}: ${why}`, { cause: error });
}

function summaryOf(error: unknown): string {
  const summary = typeof error === 'object' && error !== null && 'summary' in error ? error.summary : undefined;
  return typeof summary === 'string' ? summary : (messageOf(error).split('\n')[0] ?? '');
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return `a ${typeof value === 'string' ? 'text' : typeof value}`;
}
