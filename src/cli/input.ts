import { assert, LifeboatError, parseDuration } from '../core/index.ts';

/** What was typed, already checked against the command's declaration; asking for something not declared is our mistake. */
export class Input {
  readonly #arguments: ReadonlyMap<string, string | readonly string[] | undefined>;
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(
    words: ReadonlyMap<string, string | readonly string[] | undefined>,
    options: Readonly<Record<string, unknown>>,
  ) {
    this.#arguments = words;
    this.#options = options;
  }

  /** A required argument. */
  argument(name: string): string {
    const value = this.optionalArgument(name);
    assert(value !== undefined, `argument ${name} is declared as required`);
    return value;
  }

  optionalArgument(name: string): string | undefined {
    const value = this.#argument(name);
    assert(value === undefined || typeof value === 'string', `argument ${name} takes one word`);
    return value;
  }

  /** All the words of an argument declared with `many`; empty if there were none. */
  arguments(name: string): readonly string[] {
    const value = this.#argument(name) ?? [];
    assert(typeof value !== 'string', `argument ${name} takes many words`);
    return value;
  }

  /** Whether a switch such as `--start` was given. `option` is its long name without the dashes. */
  flag(option: string): boolean {
    return this.#option(option) === true;
  }

  text(option: string): string | undefined {
    const value = this.#option(option);
    assert(value === undefined || typeof value === 'string', `option --${option} takes a value`);
    return value;
  }

  /** The values of an option declared with `<NAME...>`. */
  texts(option: string): readonly string[] {
    const value = this.#option(option) ?? [];
    assert(Array.isArray(value), `option --${option} takes several values`);
    return value as readonly string[];
  }

  /** A whole number from `least` to `most`. Throws `input.flag`. */
  number(option: string, least: number, most: number): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new LifeboatError('input.flag', `--${option} must be a whole number from ${least} to ${most}, not "${text}"`);
  }

  /** Milliseconds from `15m`, `24h`, … Throws `input.flag`. */
  durationMs(option: string): number | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : parseDuration(text);
  }

  #argument(name: string): string | readonly string[] | undefined {
    assert(this.#arguments.has(name), `argument ${name} is declared`);
    return this.#arguments.get(name);
  }

  #option(name: string): unknown {
    return this.#options[name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
  }
}
