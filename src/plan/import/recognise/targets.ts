import type { SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { columnOf, factsOf, tablesOf, type Fact, type PlacedTable } from '../facts.ts';
import { isMap, mapping, scalar, type PlanNode, type ScalarNode } from '../write/node.ts';
import { readDuration, type StatedDuration } from '../words/durations.ts';

export type Target = 'rto' | 'rpo';

/** The plan's own targets, and those of services and parts; those of scenarios stand with the scenarios. */
export function recogniseTargets(document: SourceDocument, draft: Draft, isScenario: (line: number) => boolean): void {
  for (const fact of factsOf(document)) {
    if (isScenario(fact.line)) continue;
    const target = targetIn(fact.key);
    if (target !== undefined) ofPlan(draft, target, fact.value, fact.line);
    else ofPart(draft, fact);
  }
  for (const table of tablesOf(document)) if (!isScenario(table.table.line)) fromTable(draft, table);
}

/** `RTO`, `RPO target`, `Recovery Time Objective (RTO)`. */
export function targetIn(text: string): Target | undefined {
  if (/\brto\b|recovery[ -]time[ -]objective/i.test(text)) return 'rto';
  return /\brpo\b|recovery[ -]point[ -]objective/i.test(text) ? 'rpo' : undefined;
}

/** The value as the plan takes it, with what the reader should know about it. */
export function targetNode(draft: Draft, what: string, stated: StatedDuration, line: number): ScalarNode {
  const longer = stated.from === undefined ? undefined : `the longer end of ${stated.from} to ${stated.words}`;
  if (longer === undefined) draft.understood(line, `${what} is ${stated.words}`);
  else draft.guessed(line, `${what} is ${stated.words}, ${longer}`);
  return scalar(stated.words, line, longer);
}

function ofPlan(draft: Draft, target: Target, value: string, line: number): void {
  const stated = readDuration(value);
  if (stated === undefined) return;
  const objectives = draft.section('objectives');
  if (!objectives.has(target)) objectives.set(target, targetNode(draft, target.toUpperCase(), stated, line));
  else
    draft.guessed(
      line,
      `another ${target.toUpperCase()} for the whole plan is stated here, ${stated.words}: the first counts`,
    );
}

/** Below a heading `Recovery time objective`: `Critical services: 2 hours`. */
function ofPart(draft: Draft, fact: Fact): void {
  const target = targetIn(fact.section.title) ?? targetIn(fact.lead);
  const stated = target === undefined ? undefined : readDuration(fact.value);
  if (target === undefined || stated === undefined || !/[A-Za-z]{3}/.test(fact.key)) return;
  setTarget(draft, fact.key, target, stated, fact.line);
}

function fromTable(draft: Draft, placed: PlacedTable): void {
  const { table } = placed;
  const columns = { rto: columnOf(table, /\brto\b|recovery time/i), rpo: columnOf(table, /\brpo\b|recovery point/i) };
  if (columns.rto < 0 && columns.rpo < 0) return rowsOfTargets(draft, placed);
  // A table of scenarios belongs to those.
  if (/scenario|disaster|incident|failure|event/i.test(table.headings[0] ?? '')) return;
  for (const { cells, line } of table.rows) {
    for (const target of ['rto', 'rpo'] as const) {
      const stated = readDuration(cells[columns[target]] ?? '');
      if (stated !== undefined && (cells[0] ?? '') !== '') setTarget(draft, cells[0] as string, target, stated, line);
    }
    noteRank(draft, cells[0] ?? '', cells.join(' '), line);
  }
}

/** `| RTO | 4 hours | … |` */
function rowsOfTargets(draft: Draft, { table }: PlacedTable): void {
  for (const { cells, line } of table.rows) {
    const target = targetIn(cells[0] ?? '');
    if (target !== undefined) ofPlan(draft, target, cells.slice(1).join(' | ').split(' | ')[0] ?? '', line);
  }
}

function setTarget(draft: Draft, part: string, target: Target, stated: StatedDuration, line: number): void {
  const services = draft.section('services');
  const name = serviceNamed(draft, part, line);
  const service = services.get(name);
  if (!isMap(service)) return;
  const known = service.entries.get('objectives');
  const objectives = isMap(known) ? known.entries : new Map<string, PlanNode>();
  objectives.set(target, targetNode(draft, `${target.toUpperCase()} of ${name}`, stated, line));
  service.entries.set('objectives', { entries: objectives });
}

/** The service of that name, declared when it is new. */
export function serviceNamed(draft: Draft, title: string, line: number): string {
  const plain = title.replace(/\s*\(.*\)\s*$/, '').trim();
  const wanted = draft.nameFor(plain);
  if (draft.section('services').has(wanted)) return wanted;
  const rank = rankIn(plain);
  return draft.declare('services', plain, mapping(rank === undefined ? {} : { rank: scalar(rank, line) }, line));
}

export function rankIn(text: string): string | undefined {
  if (/\bnon[- ]?critical\b/i.test(text)) return 'medium';
  if (/\bcritical\b/i.test(text)) return 'critical';
  if (/\b(high|important)\b/i.test(text)) return 'high';
  if (/\bmedium\b/i.test(text)) return 'medium';
  return /\b(low|optional)\b/i.test(text) ? 'low' : undefined;
}

function noteRank(draft: Draft, part: string, row: string, line: number): void {
  const rank = /\b(tier|priority|critical)/i.test(row) ? rankIn(row) : undefined;
  const service = draft.section('services').get(draft.nameFor(part.replace(/\s*\(.*\)\s*$/, '')));
  if (rank !== undefined && isMap(service) && !service.entries.has('rank'))
    service.entries.set('rank', scalar(rank, line));
}

/** `1. Database availability (CRITICAL)` below a heading of critical paths. */
export function recogniseRanks(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/critical (path|service|system|component)|priorit|tier/i.test(section.title)) continue;
    for (const block of section.blocks) {
      if (block.kind !== 'list') continue;
      for (const { text, line } of block.items) {
        const rank = rankIn(/\(([^)]*)\)\s*$/.exec(text)?.[1] ?? '');
        if (rank === undefined) continue;
        const name = serviceNamed(draft, text, line);
        const service = draft.section('services').get(name);
        if (isMap(service)) service.entries.set('rank', scalar(rank, line));
        draft.understood(line, `${name} is ${rank}`);
      }
    }
  }
}
