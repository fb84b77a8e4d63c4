import { existsSync } from 'node:fs';
import { carryPdf } from './carry.ts';
import { plainText, wordList, type Block, type Runbook, type Section, type StepBlock, type Words } from './model.ts';
import { visible, visibleLine } from './visible.ts';

/**
 * The runbook as a PDF without a browser: a plain layout, one column, numbered pages, an outline. Letters that the fonts at hand
 * lack stand as `⟨U+4E2D⟩` instead of being lost.
 */
export async function runbookPdf(runbook: Runbook): Promise<Buffer> {
  const { default: Document } = await import('pdfkit');
  const document = new Document({ size: 'A4', margins, bufferPages: true, autoFirstPage: true });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    document.once('end', resolve);
    document.once('error', reject);
  });
  const writer = new PdfWriter(document);
  writer.title(runbook);
  for (const section of runbook.sections) writer.section(section);
  writer.feet(runbook.footer);
  document.end();
  await ended;
  return carryPdf(Buffer.concat(chunks), runbook.title, runbook.record);
}

const margins = { top: 48, bottom: 56, left: 48, right: 48 };
const size = { text: 10, small: 8.5, code: 9, title: 26, section: 18, heading: 12.5, step: 13 };
const colour = { ink: '#000000', soft: '#444444', code: '#f0f0f0', danger: '#a01710' };

type Face = 'plain' | 'bold' | 'mono';

/** Fonts of the system that know more letters than the built-in ones, if they are there. */
const systemFonts: Readonly<Record<Face, string>> = {
  plain: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
  bold: '/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf',
  mono: '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf',
};
const builtInFonts: Readonly<Record<Face, string>> = { plain: 'Helvetica', bold: 'Helvetica-Bold', mono: 'Courier' };

/** What both the built-in fonts and we can spell: the letters of Western Europe. */
const builtInLetters = /^[\n\x20-\x7E\xA0-\xFF–—‘’“”•…€]$/u;

class PdfWriter {
  readonly #document: PDFKit.PDFDocument;
  readonly #own: boolean;

  constructor(document: PDFKit.PDFDocument) {
    this.#document = document;
    this.#own = Object.values(systemFonts).every((file) => existsSync(file));
    const files = this.#own ? systemFonts : builtInFonts;
    for (const face of ['plain', 'bold', 'mono'] as const) document.registerFont(face, files[face]);
  }

  title({ title, subtitle, cover, sections }: Runbook): void {
    this.#text(title, 'bold', size.title);
    this.#text(subtitle, 'plain', 13);
    this.#gap(6);
    for (const block of cover) this.#block(block, 0);
    this.#heading('Contents');
    for (const { id, title: name } of sections.filter(({ level }) => level === 1)) {
      this.#text(name, 'plain', size.text, { goTo: id });
    }
  }

  section({ id, title, level, ownPage, blocks }: Section): void {
    if (ownPage) this.#document.addPage();
    else this.#room(80);
    this.#document.addNamedDestination(id);
    if (level === 1) this.#document.outline.addItem(this.#shown(title, 'bold'));
    this.#gap(level === 1 ? 4 : 8);
    this.#text(title, 'bold', level === 1 ? size.section : size.heading);
    this.#gap(4);
    for (const block of blocks) this.#block(block, 0);
  }

  /** Numbers are known only when all pages are there. */
  feet(footer: string): void {
    const { start, count } = this.#document.bufferedPageRange();
    for (let page = start; page < start + count; page += 1) {
      this.#document.switchToPage(page);
      const { width, height, margins: around } = this.#document.page;
      const y = height - 36;
      // Below the margin pdfkit would begin a new page for the text.
      around.bottom = 0;
      this.#document.font('plain').fontSize(size.small).fillColor(colour.soft);
      this.#document.text(this.#shown(footer, 'plain'), margins.left, y, { lineBreak: false });
      const number = `Page ${page - start + 1} of ${count}`;
      const x = width - margins.right - this.#document.widthOfString(number);
      this.#document.text(number, x, y, { lineBreak: false });
      around.bottom = margins.bottom;
    }
  }

  #block(block: Block, indent: number): void {
    switch (block.kind) {
      case 'heading':
        return this.#heading(block.text, indent);
      case 'paragraph':
        return this.#words(block.text, indent);
      case 'notice':
        return this.#words(
          [{ strong: block.tone === 'danger' ? 'CAREFUL. ' : 'NOTE. ' }, ...wordList(block.text)],
          indent,
          block.tone === 'danger' ? colour.danger : colour.ink,
        );
      case 'facts':
        for (const [term, said] of block.rows) this.#words([{ strong: `${term}: ` }, ...wordList(said)], indent);
        return this.#gap(4);
      case 'table':
        return this.#rows(block.head, block.rows, indent);
      case 'list':
        for (const item of block.items) this.#words(['• ', ...wordList(item)], indent);
        return this.#gap(4);
      case 'ticks':
        for (const item of block.items) this.#tick(item, indent);
        return this.#gap(4);
      case 'code':
        return this.#code(block.caption, block.text, indent);
      case 'steps':
        for (const step of block.steps) this.#step(step, indent);
    }
  }

  #step({ number, id, title, marks, blocks, inside }: StepBlock, indent: number): void {
    this.#room(70);
    this.#gap(6);
    this.#square(indent, 12);
    this.#text(`${number}.  ${title}`, 'bold', size.step, { indent: indent + 20 });
    const beside = [id, ...marks, 'started ________  done ________'].join('  ·  ');
    this.#text(beside, 'plain', size.small, { indent: indent + 20, color: colour.soft });
    for (const block of blocks) {
      if (block.kind === 'heading') this.#words([{ strong: block.text }], indent + 20);
      else this.#block(block, indent + 20);
    }
    for (const one of inside) this.#step(one, indent + 20);
  }

  /** A row is a small paragraph: on a narrow page this reads better than seven columns. */
  #rows(head: readonly string[], rows: readonly (readonly Words[])[], indent: number): void {
    for (const [first = '', ...rest] of rows) {
      this.#room(34);
      const said = rest.flatMap((cell, index) => {
        const text = plainText(cell);
        return text === '' || text === '–' ? [] : [`${head[index + 1]}: ${text}`];
      });
      const begin = plainText(first) || head[0] || '';
      this.#words([{ strong: said.length === 0 ? begin : `${begin}   ` }, said.join('  ·  ')], indent);
    }
    this.#gap(4);
  }

  #tick(item: Words, indent: number): void {
    this.#room(24);
    this.#square(indent, 9);
    this.#words(item, indent + 16);
  }

  #square(indent: number, side: number): void {
    const { y } = this.#document;
    this.#document
      .lineWidth(1)
      .strokeColor(colour.ink)
      .rect(margins.left + indent, y + 1, side, side)
      .stroke();
  }

  #code(caption: string, text: string, indent: number): void {
    this.#text(caption, 'plain', size.small, { indent, color: colour.soft });
    this.#text(text, 'mono', size.code, { indent: indent + 8, lines: true });
    this.#gap(4);
  }

  #heading(text: string, indent = 0): void {
    this.#room(76);
    this.#gap(6);
    this.#text(text, 'bold', size.heading, { indent });
    this.#gap(2);
  }

  #words(words: Words, indent: number, color: string = colour.ink): void {
    const list = wordList(words).filter((word) => plainText(word) !== '');
    const width = this.#width(indent);
    for (const [index, word] of list.entries()) {
      const face: Face = typeof word === 'object' && 'strong' in word ? 'bold' : 'plain';
      const continued = index < list.length - 1;
      // A link of the word before would go on otherwise; the types do not know that null ends it.
      const goTo = (typeof word === 'object' && 'to' in word ? word.to : null) as string;
      this.#document.font(face).fontSize(size.text).fillColor(color);
      const text = this.#shown(visibleLine(plainText(word)), face);
      if (index === 0) this.#document.text(text, margins.left + indent, this.#document.y, { width, continued, goTo });
      else this.#document.text(text, { continued, goTo });
    }
    this.#gap(2);
  }

  #text(
    text: string,
    face: Face,
    points: number,
    options: { indent?: number; color?: string; goTo?: string; lines?: boolean } = {},
  ): void {
    const { indent = 0, color = colour.ink, goTo, lines = false } = options;
    this.#document.font(face).fontSize(points).fillColor(color);
    const plain = this.#shown(lines ? visible(text) : visibleLine(text), face);
    const at = { width: this.#width(indent), ...(goTo === undefined ? {} : { goTo }) };
    this.#document.text(plain, margins.left + indent, this.#document.y, at);
    this.#gap(2);
  }

  #width(indent: number): number {
    return this.#document.page.width - margins.left - margins.right - indent;
  }

  #gap(points: number): void {
    this.#document.y += points;
  }

  /** A new page where less than this is left, so that a heading does not stand alone. */
  #room(points: number): void {
    const { page, y } = this.#document;
    if (y + points > page.height - margins.bottom) this.#document.addPage();
  }

  #shown(text: string, face: Face): string {
    const known = this.#own ? glyphsOf(this.#document, face) : (letter: string) => builtInLetters.test(letter);
    return [...text]
      .map((letter) => (letter === '\n' || known(letter) ? letter : (plainer[letter] ?? codeOf(letter, known))))
      .join('');
  }
}

const plainer: Readonly<Record<string, string>> = { '→': '->', '☐': '[ ]', '≤': '<=', '⟨': '<', '⟩': '>' };

const codeOf = (letter: string, known: (letter: string) => boolean): string => {
  const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return known('⟨') ? `⟨U+${code}⟩` : `<U+${code}>`;
};

/** Whether a font of a file has a picture of a letter: asked of the font itself. */
function glyphsOf(document: PDFKit.PDFDocument, face: Face): (letter: string) => boolean {
  document.font(face);
  const { _font: held } = document as unknown as {
    _font?: { font?: { hasGlyphForCodePoint?(code: number): boolean } };
  };
  return (letter) => held?.font?.hasGlyphForCodePoint?.(letter.codePointAt(0) ?? 0) ?? true;
}
