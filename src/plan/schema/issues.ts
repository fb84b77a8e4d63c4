import type { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import type { Path } from '../document.ts';
import type { FindingCode } from '../finding-codes.ts';
import { hasExpression } from '../expressions.ts';
import { keysAt, schemaAt } from './inspect-schema.ts';
import { namePattern, secretSource, type IssueWords } from './words.ts';

/** A finding before its file and line are known; the path is relative to what was parsed. */
export interface Problem {
  readonly code: FindingCode;
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint: string | undefined;
}

type Issue = z.core.$ZodIssue;

/** Zod's issues in the words of the plan: one problem for each thing that a person has to change. */
export function problemsOf(schema: z.ZodType, input: unknown, issues: readonly Issue[]): Problem[] {
  const misspelt = new Set(issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => path.join('.')));
  // Where a key is misspelt, what our own rules miss at the same place is most likely that key.
  const told = issues.filter(({ code, path }) => code !== 'custom' || !misspelt.has(path.join('.')));
  return told.flatMap((issue) => problemsOfIssue(schema, input, issue, []));
}

function problemsOfIssue(schema: z.ZodType, input: unknown, issue: Issue, before: Path): Problem[] {
  const path = [...before, ...(issue.path as Path)];
  const value = valueAt(input, path);
  // What a `${…}` gives is known only when the step runs, and checked then.
  if (typeof value === 'string' && hasExpression(value)) return [];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(schema, path, key));
  if (issue.code === 'invalid_union') return ofUnion(schema, input, issue, path);
  if (issue.code === 'invalid_key') return [wrongName(path)];
  if (issue.code === 'custom') return [ofCustom(issue, path)];
  if (issue.code === 'invalid_type') return [wrongType(schema, issue, path, value)];
  if (issue.code === 'invalid_value') return [wrongChoice(issue, path, value)];
  return [{ code: 'plan.wrong_value', path, at: 'value', message: plainly(issue), hint: undefined }];
}

function unknownKey(schema: z.ZodType, path: Path, key: string): Problem {
  const hint = didYouMean(key, keysAt(schema, path));
  return { code: 'plan.unknown_key', path: [...path, key], at: 'key', message: `there is no key "${key}" here`, hint };
}

function wrongName(path: Path): Problem {
  const message = `"${String(path.at(-1))}" cannot be a name`;
  return { code: 'plan.wrong_name', path, at: 'key', message, hint: nameHint };
}

export const nameHint = 'A name is a letter, then letters, digits, _ or -, at most 64 in all.';

function ofCustom(issue: Issue & { code: 'custom' }, path: Path): Problem {
  const words = issue.params as IssueWords | undefined;
  return { code: words?.code ?? 'plan.wrong_value', path, at: 'value', message: issue.message, hint: words?.hint };
}

function wrongType(schema: z.ZodType, issue: Issue & { code: 'invalid_type' }, path: Path, value: unknown): Problem {
  if (value === undefined) {
    const message = `${String(path.at(-1) ?? 'a value')} is missing`;
    return { code: 'plan.missing_key', path, at: 'value', message, hint: undefined };
  }
  if (typeof value !== 'object' && schemaAt(schema, path) === secretSource) return plainSecret(path);
  const message = `${expectedWords[issue.expected] ?? `a ${issue.expected}`} belongs here, not ${typeWords(value)}`;
  return { code: 'plan.wrong_type', path, at: 'value', message, hint: typeHint(issue.expected, value) };
}

export const plainSecret = (path: Path): Problem => ({
  code: 'plan.plain_secret',
  path,
  at: 'value',
  message: 'a secret must not stand in the plan',
  hint: 'Name its source: { env: NAME }, { file: PATH } or { exec: [PROGRAM, …] }; and change the secret if the file was shared.',
});

function wrongChoice(issue: Issue & { code: 'invalid_value' }, path: Path, value: unknown): Problem {
  const known = issue.values.map(String);
  if (value === undefined) {
    const missing = `${String(path.at(-1) ?? 'a value')} is missing`;
    return { code: 'plan.missing_key', path, at: 'value', message: missing, hint: didYouMean('', known) };
  }
  const hint = didYouMean(String(value), known);
  return {
    code: 'plan.wrong_value',
    path,
    at: 'value',
    message: `${shown(value)} is not one of ${known.join(', ')}`,
    hint,
  };
}

/** The reading that was most likely meant: the one that fits in type, and of those the one that came furthest. */
function ofUnion(schema: z.ZodType, input: unknown, issue: Issue & { code: 'invalid_union' }, path: Path): Problem[] {
  const ofType = issue.errors.filter(
    (errors) => !errors.some(({ code, path: inner }) => code === 'invalid_type' && inner.length === 0),
  );
  const best = ofType.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
  if (best !== undefined) return best.flatMap((inner) => problemsOfIssue(schema, input, inner, path));
  const value = valueAt(input, path);
  if (value === undefined) {
    return [
      {
        code: 'plan.missing_key',
        path,
        at: 'value',
        message: `${String(path.at(-1) ?? 'a value')} is missing`,
        hint: undefined,
      },
    ];
  }
  const expected = new Set(
    issue.errors
      .flat()
      .flatMap((inner) => (inner.code === 'invalid_type' && inner.path.length === 0 ? [inner.expected] : [])),
  );
  const words = [...expected].map((type) => expectedWords[type] ?? `a ${type}`).join(' or ');
  return [
    {
      code: 'plan.wrong_type',
      path,
      at: 'value',
      message: `${words || 'something else'} belongs here, not ${typeWords(value)}`,
      hint: undefined,
    },
  ];
}

/** An unknown key says less about what was meant than a value that is wrong deep inside. */
const depth = (issues: readonly Issue[]): number => {
  const unknownKeys = issues.filter(({ code }) => code === 'unrecognized_keys').length;
  const missing = issues.filter(({ code, path }) => code === 'invalid_type' && path.length > 0).length;
  return Math.max(0, ...issues.map(({ path }) => path.length)) - unknownKeys - missing;
};

const expectedWords: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  null: 'nothing',
};

function typeWords(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'a text' : `the ${typeof value} ${String(value)}`;
}

function typeHint(expected: string, value: unknown): string | undefined {
  if (expected === 'boolean' && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value))
    return 'YAML 1.2 knows only true and false.';
  if (expected === 'string' && typeof value === 'number')
    return `If it is a text, write it in quotes; a duration needs its unit, e.g. ${value}m.`;
  return expected === 'array' && typeof value === 'string' ? 'Put it in brackets: [ … ].' : undefined;
}

function plainly(issue: Issue): string {
  if (issue.code === 'too_small')
    return issue.origin === 'string' || issue.origin === 'array'
      ? 'it must not be empty'
      : `it must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `it must be at most ${issue.maximum}`;
  if (issue.code === 'invalid_format' && issue.format === 'regex' && issue.pattern === String(namePattern))
    return 'this cannot be a name';
  return issue.message.slice(0, 1).toLowerCase() + issue.message.slice(1);
}

const shown = (value: unknown): string => (typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value));

export const valueAt = (input: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    input,
  );
