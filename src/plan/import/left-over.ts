import { blocksOf, type SourceDocument } from './document/document.ts';
import type { Draft, Remark } from './draft.ts';
import { masked } from './without-secrets.ts';

/** Lines of the document that went into no part of the plan, neighbours together. Headings and ways of contents are no loss. */
export function leftOver(document: SourceDocument, draft: Draft): Remark[] {
  const lines = document.sections
    .filter(({ title }) => !/^table of contents$/i.test(title))
    .flatMap(({ blocks }) =>
      [...blocksOf(blocks)].flatMap((block, index, all) => withoutLead(block, all[index + 1], draft)),
    )
    .filter(({ line, text }) => text.trim() !== '' && !draft.isUsed(line))
    .sort((a, b) => a.line - b.line);
  const remarks: { line: number; endLine: number; text: string }[] = [];
  for (const { line, text } of lines) {
    const last = remarks.at(-1);
    if (last !== undefined && line <= last.endLine + 1) last.endLine = Math.max(line, last.endLine);
    else remarks.push({ line, endLine: line, text: cut(masked(text)) });
  }
  return remarks;
}

/** `**Checks**` above a list that was read is read with it. */
function withoutLead(block: Block, next: Block | undefined, draft: Draft): { line: number; text: string }[] {
  const lines = linesOf(block);
  if (block.kind !== 'paragraph' || next === undefined || !linesOf(next).some(({ line }) => draft.isUsed(line)))
    return lines;
  const last = block.lines.at(-1);
  return last !== undefined && /^(\*\*|__).*(\*\*|__):?$/.test(last.marked)
    ? lines.filter(({ line }) => line !== last.line)
    : lines;
}

type Block = ReturnType<typeof blocksOf> extends Generator<infer B> ? B : never;

function linesOf(block: Block): { line: number; text: string }[] {
  if (block.kind === 'list') return block.items.map(({ line, text }) => ({ line, text }));
  if (block.kind === 'table') return block.rows.map(({ line, cells }) => ({ line, text: cells.join(' | ') }));
  if (block.kind === 'paragraph')
    return block.lines.filter(({ text }) => !text.endsWith(':')).map(({ line, text }) => ({ line, text }));
  return block.text
    .split('\n')
    .flatMap((text, index) => (/^\s*(#.*)?$/.test(text) ? [] : [{ line: block.line + index, text }]));
}

const cut = (text: string): string => (text.length > 100 ? `${text.slice(0, 97)}…` : text);
