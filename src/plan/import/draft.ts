import { masked } from './without-secrets.ts';
import { mapping, type MapNode, type PlanNode } from './write/node.ts';

/** Something that the import says about the document. */
export interface Remark {
  /** Lines of the document, counted from 1; the same for a single line. */
  readonly line: number;
  readonly endLine: number;
  readonly text: string;
}

/** The plan that is being read out of a document, and what of the document went into it. */
export class Draft {
  readonly #root = new Map<string, PlanNode>();
  readonly #sections = new Map<string, MapNode>();
  readonly #understood: Remark[] = [];
  readonly #guessed: Remark[] = [];
  readonly #told = new Set<number>();

  /** Declares something under a name made of `wanted`; returns that name. */
  declare(section: string, wanted: string, node: PlanNode): string {
    const entries = this.section(section);
    const name = freeName(wanted, entries);
    entries.set(name, node);
    return name;
  }

  section(name: string): Map<string, PlanNode> {
    const known = this.#sections.get(name);
    if (known !== undefined) return known.entries;
    const made = mapping({});
    this.#sections.set(name, made);
    return made.entries;
  }

  /** What stands at the top of the plan beside the sections. */
  root(): Map<string, PlanNode> {
    return this.#root;
  }

  names(section: string): string[] {
    return [...(this.#sections.get(section)?.entries.keys() ?? [])];
  }

  sections(): ReadonlyMap<string, MapNode> {
    return this.#sections;
  }

  /** The name that `declare` would give. */
  freeName(section: string, wanted: string): string {
    return freeName(wanted, this.section(section));
  }

  /** The name that a title becomes. */
  nameFor(title: string): string {
    return nameOf(title);
  }

  /** The document says so. */
  understood(line: number, text: string, endLine = line): void {
    this.#understood.push({ line, endLine, text });
    this.used(line, endLine);
  }

  /** The document does not quite say so: what was made of it, and why. */
  guessed(line: number, text: string, endLine = line): void {
    this.#guessed.push({ line, endLine, text });
    this.used(line, endLine);
  }

  /** These lines went into the plan, without a remark of their own. */
  used(line: number, endLine = line): void {
    for (let at = line; at <= endLine; at += 1) this.#told.add(at);
  }

  isUsed(line: number): boolean {
    return this.#told.has(line);
  }

  remarks(): { understood: readonly Remark[]; guessed: readonly Remark[] } {
    const inOrder = (remarks: readonly Remark[]): Remark[] => remarks.toSorted((a, b) => a.line - b.line);
    return { understood: inOrder(this.#understood), guessed: inOrder(this.#guessed) };
  }
}

/** A name that the plan allows: `Database corruption / loss` becomes `database_corruption_loss`. */
export function nameOf(text: string, otherwise = 'unnamed'): string {
  const name = masked(text)
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^[^A-Za-z]+|_+$/g, '')
    .toLowerCase();
  return name === '' ? otherwise : cutAtWord(name, nameLettersMax);
}

/** Names are typed and read aloud: what is longer is cut where a word ends. */
const nameLettersMax = 48;

/** `restore_the_database_from_the_newest_copy`, at most so many letters, whole words where there are several. */
export function cutAtWord(name: string, lettersMax: number): string {
  if (name.length <= lettersMax) return name;
  const cut = name.slice(0, lettersMax + 1).lastIndexOf('_');
  return name.slice(0, cut > 8 ? cut : lettersMax).replace(/_+$/, '');
}

function freeName(wanted: string, entries: ReadonlyMap<string, PlanNode>): string {
  const name = nameOf(wanted);
  for (let number = 2; ; number += 1) {
    const candidate = number === 2 && !entries.has(name) ? name : `${name}_${number}`;
    if (!entries.has(candidate)) return candidate;
  }
}
