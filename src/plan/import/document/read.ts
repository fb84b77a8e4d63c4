import { marked, type Token, type Tokens } from 'marked';
import { LifeboatError } from '../../../core/index.ts';
import type { Block, Item, Line, Section, SourceDocument } from './document.ts';
import { plainText } from './plain-text.ts';

/** Reads Markdown; nothing in it is executed or fetched. Throws `limit.exceeded` when it is nested beyond reading. */
export function readMarkdown(text: string): SourceDocument {
  const source = text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n');
  try {
    return new Reader(source).read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LifeboatError('limit.exceeded', 'the document is nested too deeply to be read', { cause: error });
  }
}

class Reader {
  readonly #source: string;
  readonly #lines: readonly string[];

  constructor(source: string) {
    this.#source = source;
    this.#lines = source.split('\n');
  }

  read(): SourceDocument {
    const sections: Section[] = [];
    const around: { title: string; depth: number }[] = [];
    let current = { title: '', heading: '', depth: 0, line: 1, around: [] as string[], blocks: [] as Block[] };
    let line = 1;
    for (const token of marked.lexer(this.#source)) {
      if (isHeading(token)) {
        sections.push(current);
        while (around.length > 0 && (around.at(-1)?.depth ?? 0) >= token.depth) around.pop();
        const heading = plainText(token.text);
        const title = withoutNumber(heading);
        const at = this.#find(token.raw, line, line + countLines(token.raw));
        current = { title, heading, depth: token.depth, line: at, around: around.map((one) => one.title), blocks: [] };
        around.push({ title, depth: token.depth });
      } else this.#add(token, line, current.blocks, '');
      line += countLines(token.raw);
    }
    return { sections: [...sections, current], lineCount: this.#lines.length };
  }

  /** Adds what a token holds; returns the line it starts at. */
  #add(token: Token, from: number, blocks: Block[], around: string): void {
    const line = this.#find(token.raw, from, from + countLines(token.raw));
    const lead = leadOf(blocks) ?? around;
    if (token.type === 'code') blocks.push(this.#code(token as Tokens.Code, line, lead));
    else if (token.type === 'list') blocks.push(this.#list(token as Tokens.List, line, lead));
    else if (token.type === 'table') blocks.push(this.#table(token as Tokens.Table, line, lead));
    else if (token.type === 'blockquote') this.#inside((token as Tokens.Blockquote).tokens, line, blocks, around);
    else if (token.type === 'paragraph' || token.type === 'text' || token.type === 'html') {
      // What the lexer gives may begin with empty lines; the line that was found is that of the first word.
      const lines = token.raw
        .replace(/^(?:[^\S\n]*\n)+/, '')
        .split('\n')
        .flatMap((marks, index): Line[] =>
          marks.trim() === '' ? [] : [{ text: plainText(marks), marked: marks.trim(), line: line + index }],
        );
      if (lines.length > 0) blocks.push({ kind: 'paragraph', line, lead, lines });
    }
  }

  #inside(tokens: readonly Token[], from: number, blocks: Block[], around: string): void {
    let line = from;
    for (const token of tokens) {
      this.#add(token, line, blocks, around);
      line += countLines(token.raw);
    }
  }

  #code(token: Tokens.Code, line: number, lead: string): Block {
    const fenced = /^\s*(`{3,}|~{3,})/.test(token.raw);
    return {
      kind: 'code',
      line: fenced ? line + 1 : line,
      lead,
      language: (token.lang ?? '').trim().split(/\s+/)[0]?.toLowerCase() ?? '',
      text: token.text,
    };
  }

  #list(token: Tokens.List, from: number, lead: string): Block {
    let line = from;
    const items = token.items.map((written) => {
      const item = this.#item(written, line);
      line += countLines(written.raw.endsWith('\n') ? written.raw : `${written.raw}\n`);
      return item;
    });
    return { kind: 'list', line: from, lead, ordered: token.ordered, items };
  }

  #item(token: Tokens.ListItem, from: number): Item {
    const line = this.#find(token.raw, from, from + countLines(token.raw));
    const marks = (token.text.split('\n')[0] ?? '').replace(/^\[[ xX]\]\s*/, '');
    const text = plainText(marks);
    const blocks: Block[] = [];
    let at = line;
    for (const [index, inner] of token.tokens.entries()) {
      const isTitle = index === 0 && (inner.type === 'text' || inner.type === 'paragraph');
      if (!isTitle) this.#add(inner, at, blocks, text);
      else if (inner.raw.trim().includes('\n')) this.#restOfTitle(inner.raw, at, blocks, text);
      // The lexer takes the end of the title's line for itself, unless an empty line follows: that one begins with it.
      const isSwallowed = !inner.raw.endsWith('\n') && token.tokens[index + 1]?.raw.startsWith('\n') !== true;
      at += countLines(inner.raw) + (isTitle && isSwallowed ? 1 : 0);
    }
    return { text, marked: marks.trim(), line, box: token.task, blocks };
  }

  /** An item that goes on in further lines: those are a paragraph of their own inside it. */
  #restOfTitle(raw: string, from: number, blocks: Block[], around: string): void {
    const lines = raw
      .split('\n')
      .map((marks, index) => ({ text: plainText(marks), marked: marks.trim(), line: from + index }))
      .slice(1)
      .filter(({ text }) => text !== '');
    const [first] = lines;
    if (first !== undefined) blocks.push({ kind: 'paragraph', line: first.line, lead: around, lines });
  }

  #table(token: Tokens.Table, line: number, lead: string): Block {
    const rows = token.rows.map((cells, index) => ({
      cells: cells.map((cell) => plainText(cell.text)),
      line: line + 2 + index,
    }));
    return { kind: 'table', line, lead, headings: token.header.map((cell) => plainText(cell.text)), rows };
  }

  /** The line where a token starts: what the lexer gives may begin with empty lines, and lists are given without indent. */
  #find(raw: string, from: number, to: number): number {
    const wanted = raw
      .split('\n')
      .find((line) => line.trim() !== '')
      ?.trim();
    if (wanted === undefined) return from;
    for (let line = from; line <= Math.min(to + 1, this.#lines.length); line += 1)
      if (this.#lines[line - 1]?.includes(wanted) === true) return line;
    return Math.min(from, this.#lines.length);
  }
}

const isHeading = (token: Token): token is Tokens.Heading => token.type === 'heading';

const countLines = (raw: string): number => raw.split('\n').length - 1;

/** `4.2 Database loss`, `1) Goals`, `A. Scripts` without what counts them. */
const withoutNumber = (heading: string): string => heading.replace(/^(\d+(\.\d+)*[.)]?|[A-Z][.)])\s+/, '');

function leadOf(blocks: readonly Block[]): string | undefined {
  const last = blocks.at(-1);
  return last?.kind === 'paragraph' ? last.lines.at(-1)?.text : last?.kind === 'list' ? undefined : last?.lead;
}
