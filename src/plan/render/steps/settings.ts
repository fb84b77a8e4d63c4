import { describeSource, isSecretSource } from '../../../core/index.ts';
import type { StepDeclaration } from '../../model.ts';
import { spoken } from '../words.ts';

/** What stands under the key of a step, read without knowing its kind: what is not there, or of another form, is undefined. */
export class Settings {
  readonly #whole: unknown;

  constructor(whole: unknown) {
    this.#whole = whole;
  }

  /** The settings where they are a text alone: `restore: orders`. */
  get alone(): string | undefined {
    return textOf(this.#whole);
  }

  text(key: string): string | undefined {
    return textOf(this.#value(key));
  }

  /** A text or several. */
  texts(key: string): readonly string[] {
    return listOf(this.#value(key));
  }

  number(key: string): number | undefined {
    const value = this.#value(key);
    return typeof value === 'number' ? value : undefined;
  }

  value(key: string): unknown {
    return this.#value(key);
  }

  /** The settings where they are a list of texts, or one. */
  get all(): readonly string[] {
    return listOf(this.#whole);
  }

  #value(key: string): unknown {
    const whole = this.#whole;
    if (typeof whole !== 'object' || whole === null || Array.isArray(whole) || !Object.hasOwn(whole, key))
      return undefined;
    return (whole as Record<string, unknown>)[key];
  }
}

/** Services and assets that a step names: `stop: shop`, `{ service }`, `{ services: […] }`, `{ asset }`. */
export function namedBy(settings: Settings): readonly string[] {
  const one = settings.alone ?? settings.text('service') ?? settings.text('asset');
  return [...(one === undefined ? [] : [one]), ...settings.texts('services')];
}

/** A value that may be an expression or the source of a secret, in words. `numberOf` gives the number of a step by its name. */
export function said(value: unknown, numberOf: (id: string) => string | undefined): string {
  if (isSecretSource(value)) return `what the ${describeSource(value)} holds`;
  const text = textOf(value) ?? (value === undefined ? '' : JSON.stringify(value));
  return text.replaceAll(
    /(?<!\$)\$\{\s*([^}]*?)\s*\}/g,
    (whole, inside: string) => sayExpression(inside, numberOf) ?? whole,
  );
}

function sayExpression(expression: string, numberOf: (id: string) => string | undefined): string | undefined {
  if (Object.hasOwn(expressions, expression)) return expressions[expression];
  const parameter = /^parameters\.(\w+)$/.exec(expression)?.[1];
  if (parameter !== undefined) return `the ${spoken(parameter)} that is asked for`;
  const step = /^steps\.([A-Za-z_]\w*)\.(\w+)$/.exec(expression);
  if (step === null) return undefined;
  return `the ${spoken(step[2] as string)} that step ${numberOf(step[1] as string) ?? step[1]} gave`;
}

const expressions: Readonly<Record<string, string>> = {
  'incident.lastGood': 'the last moment whose data is right',
  'incident.impact': 'the moment of the impact',
  'incident.declared': 'the moment when the incident was declared',
  'environment.name': 'the name of the environment',
  'environment.folder': 'the folder of the environment',
  'scenario.name': 'the name of the scenario',
};

/** The condition of a step in words, where it is one that everybody writes. */
export function condition({ if: written }: Pick<StepDeclaration, 'if'>): string | undefined {
  if (written === undefined) return undefined;
  const inside = /^\$\{\s*([\s\S]*?)\s*\}$/.exec(written.trim())?.[1];
  if (inside === 'environment.protected') return 'only where the environment is protected (the real one)';
  if (inside === '!environment.protected') return 'only where the environment is not protected (a rehearsal)';
  return `only if ${inside ?? written}`;
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;

const listOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).flatMap((one: unknown) => textOf(one) ?? []);
