import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { Path, PlanDocument } from './document.ts';
import type { FindingCode } from './finding-codes.ts';
import type { PlanKinds } from './kinds.ts';
import type { Finding } from './model.ts';
import { problemsOf, type Problem } from './schema/issues.ts';
import { namePattern } from './schema/words.ts';
import { nameHint } from './schema/issues.ts';

/** A walk through one plan file: reads values by their schemas and gathers everything that is to be said, with its place. */
export class Inspection {
  readonly document: PlanDocument;
  readonly kinds: PlanKinds;
  readonly root: Readonly<Record<string, unknown>>;
  readonly #findings: Finding[];

  constructor(document: PlanDocument, kinds: PlanKinds) {
    this.document = document;
    this.kinds = kinds;
    this.root = document.value ?? {};
    this.#findings = [...document.findings];
  }

  get findings(): readonly Finding[] {
    return this.#findings;
  }

  get hasErrors(): boolean {
    return this.#findings.some(({ severity }) => severity === 'error');
  }

  /** The value as its schema understands it, or undefined after its problems were reported. */
  read<T>(schema: z.ZodType<T>, value: unknown, path: Path): T | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const problem of problemsOf(schema, value, parsed.error.issues)) this.#add(problem, path);
    return undefined;
  }

  /** The entries of a section: names checked, values as written. A section that is not there is empty. */
  entries(section: string): [string, unknown][] {
    const value = this.root[section];
    if (value === undefined) return [];
    if (!isMapping(value)) {
      this.error(
        'plan.wrong_type',
        [section],
        `${section} is a mapping of names`,
        `Write ${section}: and below it, indented, NAME: …`,
      );
      return [];
    }
    for (const name of Object.keys(value)) this.#checkName(section, name);
    return Object.entries(value);
  }

  /** The names that a section declares, whether or not their declarations are right. */
  names(section: string): string[] {
    const value = this.root[section];
    return isMapping(value) ? Object.keys(value) : [];
  }

  error(code: FindingCode, path: Path, message: string, hint?: string, at: 'key' | 'value' = 'key'): void {
    this.#add({ code, path, at, message, hint }, []);
  }

  /** Something the language keeps and nothing executes yet. */
  notExecutable(path: Path, what: string): void {
    const place = this.document.place(path, 'key');
    const message = `${what} is kept and checked for its form, but not executable yet`;
    this.#findings.push({ code: 'plan.not_executable', severity: 'info', ...place, message, hint: undefined });
  }

  /** What can be executed as a kind of thing, and not as it is written here: a run would refuse it on the day. */
  neverExecutes(path: Path, message: string, hint: string): void {
    const place = this.document.place(path, 'key');
    this.#findings.push({ code: 'plan.not_executable', severity: 'warning', ...place, message, hint });
  }

  /** Reports a name that nothing declares. */
  reference(name: unknown, known: readonly string[], what: string, path: Path): void {
    if (typeof name !== 'string' || name.includes('${') || known.includes(name)) return;
    const hint = didYouMean(name, known) ?? `The plan declares no ${what} at all.`;
    this.error('plan.unknown_reference', path, `there is no ${what} "${name}"`, hint, 'value');
  }

  #checkName(section: string, name: string): void {
    if (namePattern.test(name)) return;
    this.error('plan.wrong_name', [section, name], `"${name}" cannot be a name`, nameHint);
  }

  #add({ code, path, at, message, hint }: Problem, before: Path): void {
    const place = this.document.place([...before, ...path], at);
    this.#findings.push({ code, severity: 'error', ...place, message, hint });
  }
}

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A kind's schema as it is meant in a plan: what it does not name is an error, also when the kind forgot to say so. */
export const strictly = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodObject && schema.def.catchall === undefined ? schema.strict() : schema;
