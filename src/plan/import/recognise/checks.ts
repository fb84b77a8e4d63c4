import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import type { World } from '../world.ts';
import { isMap, list, mapping, scalar, type PlanNode } from '../write/node.ts';

/** Queries in blocks of SQL are what shows that a restored database is whole. */
export function recogniseChecks(document: SourceDocument, draft: Draft, world: World): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      if (block.kind !== 'code' || !/^(sql|postgres(ql)?|sqlite)$/.test(block.language)) continue;
      for (const query of queriesIn(block.text, block.line)) add(query, draft, world);
    }
  }
}

interface Query {
  readonly name: string;
  readonly sql: string;
  readonly line: number;
  readonly endLine: number;
}

function queriesIn(text: string, firstLine: number): Query[] {
  const queries: Query[] = [];
  let name = '';
  let lines: string[] = [];
  let start = firstLine;
  for (const [index, written] of text.split('\n').entries()) {
    const line = firstLine + index;
    const comment = /^\s*--\s*(.*)$/.exec(written)?.[1];
    if (comment !== undefined) {
      name = comment;
      if (lines.length === 0) start = line;
      continue;
    }
    if (written.trim() === '') continue;
    lines.push(written.trim());
    if (!written.trimEnd().endsWith(';')) continue;
    queries.push({ name, sql: lines.join(' ').replace(/;\s*$/, ''), line: name === '' ? line : start, endLine: line });
    [name, lines, start] = ['', [], line + 1];
  }
  return queries;
}

function add({ name, sql, line, endLine }: Query, draft: Draft, world: World): void {
  if (!/^(select|pragma|with|show|values)\b/i.test(sql)) return;
  const isPragma = /^pragma\b/i.test(sql);
  const sqlite = draft.names('assets').find((asset) => asset.endsWith('_sqlite'));
  const asset = isPragma ? sqlite : world.database(line);
  const declared = asset === undefined ? undefined : draft.section('assets').get(asset);
  if (asset === undefined || !isMap(declared)) return;
  const known = declared.entries.get('checks');
  const expect = expectationOf(`${name} ${sql}`);
  const check = mapping(
    {
      ...(name === '' ? {} : { name: scalar(name, line) }),
      sql: scalar(sql, endLine),
      ...(expect === undefined ? {} : { expect: scalar(expect, undefined, 'guessed from its words') }),
    },
    line,
  );
  const before: readonly PlanNode[] = known !== undefined && 'items' in known ? known.items : [];
  declared.entries.set('checks', list([...before, check]));
  draft.understood(line, `a check of ${asset}: ${name === '' ? sql.slice(0, 60) : name}`, endLine);
}

function expectationOf(words: string): string | undefined {
  if (/integrity_check|quick_check/i.test(words)) return 'value == "ok"';
  return /orphan|missing|duplicate|invalid|foreign_key_check/i.test(words) && !/count\s*\(/i.test(words)
    ? 'size(rows) == 0'
    : undefined;
}
