/** A Markdown document as the recognisers read it: sections with their blocks, each thing with its line, counted from 1. */
export interface SourceDocument {
  readonly sections: readonly Section[];
  readonly lineCount: number;
}

/** A heading and what stands below it, up to the next heading of any depth. */
export interface Section {
  /** Without marks and numbering: `Database corruption`. Empty for what stands before the first heading. */
  readonly title: string;
  /** As written, numbering and all. */
  readonly heading: string;
  readonly depth: number;
  readonly line: number;
  /** Titles of the headings around it, outermost first. */
  readonly around: readonly string[];
  readonly blocks: readonly Block[];
}

interface Placed {
  readonly line: number;
  /** What leads into it: the last line of the text before it, or the item around it. */
  readonly lead: string;
}

export interface Paragraph extends Placed {
  readonly kind: 'paragraph';
  readonly lines: readonly Line[];
}

export interface List extends Placed {
  readonly kind: 'list';
  readonly ordered: boolean;
  readonly items: readonly Item[];
}

export interface Table extends Placed {
  readonly kind: 'table';
  readonly headings: readonly string[];
  readonly rows: readonly Row[];
}

/** `line` is the line of the first line of code. */
export interface Code extends Placed {
  readonly kind: 'code';
  readonly language: string;
  readonly text: string;
}

export type Block = Paragraph | List | Table | Code;

export interface Line {
  readonly text: string;
  /** As written: `**RTO**: 2 hours`. */
  readonly marked: string;
  readonly line: number;
}

export interface Item extends Line {
  /** `- [ ]` items are boxes to tick. */
  readonly box: boolean;
  readonly blocks: readonly Block[];
}

export interface Row {
  readonly cells: readonly string[];
  readonly line: number;
}

/** Every block, outer before inner. */
export function* blocksOf(blocks: readonly Block[]): Generator<Block> {
  for (const block of blocks) {
    yield block;
    if (block.kind === 'list') for (const item of block.items) yield* blocksOf(item.blocks);
  }
}

/** A section with all that is about it: its own blocks, then those of the sections inside it. */
export function withInner(document: SourceDocument, section: Section): Section[] {
  const from = document.sections.indexOf(section);
  const inner = document.sections.slice(from + 1);
  const end = inner.findIndex(({ depth }) => depth <= section.depth);
  return [section, ...(end === -1 ? inner : inner.slice(0, end))];
}
