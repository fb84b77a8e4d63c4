import { isLifeboatError, parseDuration } from '../../../core/index.ts';
import type { Path, PlanDocument } from '../../document.ts';
import { isMapping } from '../../inspection.ts';
import { valueAt } from '../../schema/issues.ts';

/** The plan as it is written, for what the model does not carry. Every answer tolerates what is not there. */
export class Written {
  readonly document: PlanDocument;
  readonly root: Readonly<Record<string, unknown>>;

  constructor(document: PlanDocument) {
    this.document = document;
    this.root = document.value ?? {};
  }

  at(path: Path): unknown {
    return valueAt(this.root, path);
  }

  has(path: Path): boolean {
    return this.at(path) !== undefined;
  }

  text(path: Path): string | undefined {
    const value = this.at(path);
    return typeof value === 'string' ? value : undefined;
  }

  /** A list as it stands; one value counts as a list of one. */
  list(path: Path): unknown[] {
    const value = this.at(path);
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? value : [value];
  }

  texts(path: Path): string[] {
    return this.list(path).filter((item) => typeof item === 'string');
  }

  /** Milliseconds; undefined when there is none, or it is no duration. */
  durationMs(path: Path): number | undefined {
    return durationOf(this.at(path));
  }

  /** Of a range such as `2h-3h` the longer end, which is what is promised or expected. */
  longerMs(path: Path): number | undefined {
    return durationOf(this.text(path)?.split('-').at(-1)?.trim());
  }

  /** Names and mappings of a section. */
  entries(...path: readonly string[]): [string, Record<string, unknown>][] {
    const value = this.at(path);
    if (!isMapping(value)) return [];
    return Object.entries(value).flatMap(([name, item]) => (isMapping(item) ? [[name, item] as const] : []) as never);
  }

  /** The deepest place of a path that is written: findings about what is missing point there. */
  nearest(...path: Path): Path {
    let length = path.length;
    while (length > 1 && !this.has(path.slice(0, length))) length -= 1;
    return path.slice(0, length);
  }
}

export function durationOf(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return parseDuration(value);
  } catch (error) {
    if (isLifeboatError(error, 'input.flag')) return undefined; // another word, which its schema has judged
    throw error;
  }
}
