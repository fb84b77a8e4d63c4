import { carryMarkdown } from './carry.ts';
import { wordList, type Block, type Runbook, type Section, type StepBlock, type Word, type Words } from './model.ts';
import { visible, visibleLine } from './visible.ts';

/** The runbook as Markdown (CommonMark with tables and boxes to tick), the record in a comment at its end. */
export function runbookMarkdown(runbook: Runbook): string {
  const parts = [
    `# ${line(runbook.title)}`,
    inline(runbook.subtitle),
    ...runbook.cover.flatMap(blockParts),
    '## Contents',
    contents(runbook.sections),
    ...runbook.sections.flatMap(sectionParts),
    '---',
    inline(runbook.footer),
  ];
  return carryMarkdown(`${parts.join('\n\n')}\n`, runbook.record);
}

const contents = (sections: readonly Section[]): string =>
  sections
    .filter(({ level }) => level === 1)
    .map(({ id, title }) => `- [${line(title)}](#${id})`)
    .join('\n');

/** Only the anchors are HTML, and only of letters that ids are made of. */
const sectionParts = ({ id, title, level, blocks }: Section): string[] => [
  `<a id="${id}"></a>`,
  `${level === 1 ? '##' : '###'} ${line(title)}`,
  ...blocks.flatMap(blockParts),
];

function blockParts(block: Block): string[] {
  switch (block.kind) {
    case 'heading':
      return [`### ${line(block.text)}`];
    case 'paragraph':
      return [inline(block.text)];
    case 'notice':
      return [`> **${block.tone === 'danger' ? 'CAREFUL' : 'Note'}.** ${inline(block.text)}`];
    case 'facts':
      return [block.rows.map(([term, said]) => `- **${line(term)}:** ${inline(said)}`).join('\n')];
    case 'table':
      return [tableText(block.head, block.rows)];
    case 'list':
      return [block.items.map((item) => `- ${inline(item)}`).join('\n')];
    case 'ticks':
      return [block.items.map((item) => `- [ ] ${inline(item)}`).join('\n')];
    case 'code':
      return [`${inline(block.caption)}:`, fenced(block.text)];
    case 'steps':
      return block.steps.flatMap(stepParts);
  }
}

function stepParts({ number, id, title, marks, blocks, inside }: StepBlock): string[] {
  const marked = marks.length === 0 ? '' : ` — **${line(marks.join(', '))}**`;
  const headings = blocks.map((block): Block =>
    block.kind === 'heading' ? { kind: 'paragraph', text: [{ strong: block.text }] } : block,
  );
  return [
    `#### ☐ ${number}. ${line(title)}`,
    `${codeSpan(id)}${marked} · started \\_\\_\\_\\_ done \\_\\_\\_\\_`,
    ...headings.flatMap(blockParts),
    ...inside.flatMap(stepParts),
  ];
}

function tableText(head: readonly string[], rows: readonly (readonly Words[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(head.map((cell) => inCell(cell))),
    row(head.map(() => '---')),
    ...rows.map((cells) => row(cells.map((cell) => inCell(cell) || ' '))),
  ].join('\n');
}

/** At the beginning of a line: there a number, a dash or a plus would begin a list. */
const inline = (words: Words): string =>
  inside(words)
    .replace(/^(\d+)([.)])/, '$1\\$2')
    .replace(/^[-+=]/, String.raw`\$&`);

const inside = (words: Words): string => wordList(words).map(wordText).join('').trim();

/** In a table a bar would begin a cell, in code too: there it is an entity, and such code is text. */
const inCell = (words: Words): string =>
  wordList(words)
    .map((word) =>
      typeof word === 'object' && 'code' in word && word.code.includes('|') ? escaped(word.code) : wordText(word),
    )
    .join('')
    .trim()
    .replaceAll('|', '&#124;');

function wordText(word: Word): string {
  if (typeof word === 'string') return escaped(word);
  if ('strong' in word) return escaped(word.strong).replace(/^(\s*)(.*?\S)(\s*)$/, '$1**$2**$3');
  if ('code' in word) return codeSpan(word.code);
  return `[${escaped(word.text)}](#${word.to})`;
}

/** Behind a sign of ours: a heading, a term. */
const line = (text: string): string => inside(text);

/**
 * Every sign that Markdown could read as its own; a `_` inside a word is none. An address may become a link, which leads where it
 * says: only words that hide where they lead are dangerous.
 */
const escaped = (text: string): string =>
  visibleLine(text).replaceAll(/[\\`*[\]<>&~$|]|!$|(?<=^|\s)#|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, sign);

const sign = (letter: string): string => (letter === '&' ? '&amp;' : letter === '|' ? '&#124;' : `\\${letter}`);

function codeSpan(text: string): string {
  const plain = visibleLine(text);
  if (plain.trim() === '') return '';
  const fence = '`'.repeat(longestRun(plain) + 1);
  const room = plain.startsWith('`') || plain.endsWith('`') || plain.startsWith(' ') ? ' ' : '';
  return `${fence}${room}${plain}${room}${fence}`;
}

function fenced(text: string): string {
  const plain = visible(text);
  const fence = '`'.repeat(Math.max(3, longestRun(plain) + 1));
  return `${fence}\n${plain}\n${fence}`;
}

const longestRun = (text: string): number => Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
