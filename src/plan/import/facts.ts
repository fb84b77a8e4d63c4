import { blocksOf, type Section, type SourceDocument, type Table } from './document/document.ts';

/** A `key: value` of the document, from a list, a line of text or a table of two columns. */
export interface Fact {
  readonly key: string;
  readonly value: string;
  /** As written, marks and all. */
  readonly marked: string;
  readonly line: number;
  readonly section: Section;
  /** What leads into the list or text that it stands in. */
  readonly lead: string;
}

/** A table with the section it stands in; headings in lower case. */
export interface PlacedTable {
  readonly section: Section;
  readonly table: Table;
}

export function factsOf(document: SourceDocument): Fact[] {
  return document.sections.flatMap((section) => factsIn(section));
}

export function factsIn(section: Section): Fact[] {
  return [...blocksOf(section.blocks)].flatMap((block): Fact[] => {
    if (block.kind === 'list') {
      return block.items.flatMap(({ text, marked, line }) => factOf(text, marked, line, section, block.lead));
    }
    if (block.kind !== 'paragraph') return [];
    return block.lines.flatMap(({ text, marked, line }) => factOf(text, marked, line, section, block.lead));
  });
}

export function tablesOf(document: SourceDocument): PlacedTable[] {
  return document.sections.flatMap((section) =>
    [...blocksOf(section.blocks)].flatMap((block) => (block.kind === 'table' ? [{ section, table: block }] : [])),
  );
}

/** The column whose heading matches, or -1. */
export const columnOf = ({ headings }: Table, heading: RegExp): number =>
  headings.findIndex((one) => heading.test(one));

/** All the words around a thing: titles of the sections it stands in, and what leads into it. */
export const around = ({ section, lead }: { readonly section: Section; readonly lead: string }): string =>
  [...section.around, section.title, lead].join(' / ');

function factOf(text: string, marked: string, line: number, section: Section, lead: string): Fact[] {
  const match = /^\s*([^:]{1,60}?)\s*(?::\s+|:$|\s+=\s+|\s+[–—]\s+)(.*)$/.exec(text);
  if (match === null || match[1] === undefined || /https?$/.test(match[1])) return [];
  return [{ key: match[1].trim(), value: (match[2] ?? '').trim(), marked, line, section, lead }];
}
