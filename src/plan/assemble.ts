import { pathText, type Path, type PlanDocument } from './document.ts';
import type { FindingCode } from './finding-codes.ts';
import type { Finding, Parameter } from './model.ts';
import { readParameters, withValues, type Values } from './parameters.ts';

/** A file that another one includes, with what was given to it. */
export interface Part {
  readonly document: PlanDocument;
  readonly given: Readonly<Record<string, unknown>>;
  /** The parameters of the files around it, which it sees too. */
  readonly parts: readonly Part[];
}

/** Several files as one plan: every value where it belongs, every place in the file that it came from. */
export interface AssembledDocument extends PlanDocument {
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Its own file, and those that it includes, each once. */
  readonly files: readonly string[];
}

export const isAssembled = (document: PlanDocument): document is AssembledDocument => 'parameters' in document;

/**
 * One plan of a file and the parts that it includes. Sections that are mappings of names grow together; everything else is said
 * once. Parameters stand for themselves only in their own file and in what that includes.
 */
export function assemble(main: PlanDocument, parts: readonly Part[] = []): AssembledDocument {
  const gathered = new Gathered(main);
  const parameters = gathered.add({ document: main, given: {}, parts }, new Map(), true);
  return {
    file: main.file,
    value: main.value === undefined ? undefined : gathered.value,
    findings: gathered.findings,
    parameters,
    files: [...new Set([main.file, ...filesIn(parts)])],
    place: (path, of) => gathered.originOf(path).place(path, of),
  };
}

const filesIn = (parts: readonly Part[]): string[] =>
  parts.flatMap(({ document, parts: inside }) => [document.file, ...filesIn(inside)]);

/** What is said once, by the plan itself. */
const ofThePlan = new Set(['plan', 'version', 'owner', 'timezone']);
const notContent = new Set(['lifeboat', 'include', 'parameters']);

class Gathered {
  readonly #main: PlanDocument;
  readonly #origins = new Map<string, PlanDocument>();
  /** Keys may be named `__proto__`: only a map and `fromEntries` take them as names. */
  readonly #sections = new Map<string, unknown>();
  readonly findings: Finding[] = [];

  constructor(main: PlanDocument) {
    this.#main = main;
  }

  get value(): Record<string, unknown> {
    return Object.fromEntries(this.#sections);
  }

  originOf(path: Path): PlanDocument {
    const [section, name] = path;
    return this.#origins.get(`${section}.${name}`) ?? this.#origins.get(String(section)) ?? this.#main;
  }

  /** Adds a file and what it includes; gives back its parameters. */
  add({ document, given, parts }: Part, around: Values, isMain: boolean): Map<string, Parameter> {
    this.findings.push(...document.findings);
    const { value = {} } = document;
    const parameters = readParameters(value['parameters'], given, ({ code, path, message, hint }) =>
      this.#report(document, code, ['parameters', ...path], message, hint),
    );
    const values: Values = new Map([
      ...around,
      ...[...parameters].map(([name, one]) => [name, one.value as string | number | boolean] as const),
    ]);
    if (!isMain) this.#judgePart(document, value, given);
    for (const [section, content] of Object.entries(value)) {
      if (isMain || !notContent.has(section))
        this.#merge(document, section, section === 'parameters' ? content : withValues(content, values));
    }
    for (const part of parts) this.add(part, values, false);
    return parameters;
  }

  #judgePart(
    document: PlanDocument,
    value: Readonly<Record<string, unknown>>,
    given: Readonly<Record<string, unknown>>,
  ): void {
    for (const key of Object.keys(value).filter((one) => ofThePlan.has(one))) {
      this.#report(document, 'plan.bad_include', [key], `only the plan itself says its ${key}`, 'Leave it out here.');
    }
    if (value['lifeboat'] !== undefined && value['lifeboat'] !== 1) {
      this.#report(document, 'plan.bad_include', ['lifeboat'], 'this file is of another version', 'Write: lifeboat: 1');
    }
    const declared = isMapping(value['parameters']) ? Object.keys(value['parameters']) : [];
    for (const name of Object.keys(given).filter((one) => !declared.includes(one))) {
      const message = `this file is given a parameter ${name} that it does not declare`;
      this.#report(
        document,
        'plan.unknown_reference',
        ['parameters'],
        message,
        `It declares: ${declared.join(', ') || 'none'}.`,
      );
    }
  }

  #merge(document: PlanDocument, section: string, content: unknown): void {
    const there = this.#sections.get(section);
    if (there === undefined) {
      this.#sections.set(section, content);
      this.#origins.set(section, document);
      if (isMapping(content))
        for (const name of Object.keys(content)) this.#origins.set(`${section}.${name}`, document);
      return;
    }
    if (!isMapping(there) || !isMapping(content) || single.has(section)) {
      const said = this.#origins.get(section)?.file ?? this.#main.file;
      this.#report(document, 'plan.duplicate_name', [section], `${section} is said in ${said} already`, 'Say it once.');
      return;
    }
    const fresh = Object.entries(content).filter(([name]) => this.#isFresh(document, section, there, name));
    this.#sections.set(section, Object.fromEntries([...Object.entries(there), ...fresh]));
    for (const [name] of fresh) this.#origins.set(`${section}.${name}`, document);
  }

  #isFresh(document: PlanDocument, section: string, there: Record<string, unknown>, name: string): boolean {
    if (!Object.hasOwn(there, name)) return true;
    const message = `${name} is declared in ${this.originOf([section, name]).file} already`;
    this.#report(document, 'plan.duplicate_name', [section, name], message, 'Give each its own name.');
    return false;
  }

  #report(document: PlanDocument, code: FindingCode, path: Path, message: string, hint: string): void {
    this.findings.push({
      code,
      severity: 'error',
      ...document.place(path, 'key'),
      path: pathText(path),
      message,
      hint,
    });
  }
}

/** Mappings that are one declaration, not a list of names. */
const single = new Set(['objectives', 'review', 'incidents', 'tool', 'ranks']);

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
