import { describe, expect, it } from 'vitest';
import { documentNamed } from '../testing/imported.ts';
import { blocksOf, withInner, type Block } from './document.ts';
import { readMarkdown } from './read.ts';

const lineTexts = (block: Block): { line: number; text: string }[] => {
  if (block.kind === 'paragraph') return block.lines.map(({ line, marked }) => ({ line, text: marked }));
  if (block.kind === 'list') return block.items.map(({ line, marked }) => ({ line, text: marked }));
  if (block.kind === 'table') return block.rows.map(({ line, cells }) => ({ line, text: cells[0] ?? '' }));
  return block.text.split('\n').map((text, index) => ({ line: block.line + index, text: text.trim() }));
};

describe('a Markdown document', () => {
  it.each(['harbour', 'library', 'clinic', 'garage', 'secrets'])('knows the line of everything in it: %s', (name) => {
    const text = documentNamed(name);
    const lines = text.split('\n');
    const document = readMarkdown(text);
    const found = document.sections.flatMap(({ blocks }) => [...blocksOf(blocks)].flatMap(lineTexts));
    expect(found.length).toBeGreaterThan(5);
    for (const { line, text: words } of found) expect(lines[line - 1]).toContain(words);
    for (const { heading, line } of document.sections.slice(1)) expect(lines[line - 1]).toContain(heading);
  });

  it('reads lines that end as Windows ends them at the same places', () => {
    const text = documentNamed('clinic');
    expect(readMarkdown(text.replaceAll('\n', '\r\n'))).toEqual(readMarkdown(text));
  });

  it('keeps a block inside an item of a list, with its line', () => {
    const { sections } = readMarkdown('# A\n\n1. **One**\n   ```bash\n   ls -l\n   ```\n2. Two\n   - inner\n');
    const [list] = sections[1]?.blocks ?? [];
    expect(list).toMatchObject({
      kind: 'list',
      ordered: true,
      items: [
        { text: 'One', line: 3, blocks: [{ kind: 'code', text: 'ls -l', line: 5, language: 'bash' }] },
        { text: 'Two', line: 7, blocks: [{ kind: 'list', items: [{ text: 'inner', line: 8 }] }] },
      ],
    });
  });

  it('takes the number away from a heading, and knows what stands around it', () => {
    const { sections } = readMarkdown('# Plan\n## 3) Backups\n### 3.1 PostgreSQL\ntext\n## B. More\n');
    expect(sections.slice(1).map(({ title, around }) => [title, around])).toEqual([
      ['Plan', []],
      ['Backups', ['Plan']],
      ['PostgreSQL', ['Plan', 'Backups']],
      ['More', ['Plan']],
    ]);
    const backups = sections.find(({ title }) => title === 'Backups');
    expect(backups && withInner({ sections, lineCount: 5 }, backups).map(({ title }) => title)).toEqual([
      'Backups',
      'PostgreSQL',
    ]);
  });

  it('keeps the line of what stands in an item after an empty line', () => {
    for (const indent of ['  ', '\t']) {
      const { sections } = readMarkdown(`- **Database**: 12 hours\n\n${indent}- inner\n- last\n`);
      expect(sections[0]?.blocks[0]).toMatchObject({
        items: [{ line: 1, blocks: [{ kind: 'list', line: 3, items: [{ text: 'inner', line: 3 }] }] }, { line: 4 }],
      });
    }
  });

  it('puts right what a wrong encoding left of dashes', () => {
    const { sections } = readMarkdown('- RTO: 60\u00e2\u20ac\u201c120 minutes\n');
    expect(sections[0]?.blocks[0]).toMatchObject({ items: [{ text: 'RTO: 60–120 minutes' }] });
  });

  it('refuses what is nested beyond reading, in plain words', () => {
    const nested = `${'> '.repeat(20_000)}deep`;
    expect(() => readMarkdown(nested)).toThrow(expect.objectContaining({ code: 'limit.exceeded' }));
  });
});
