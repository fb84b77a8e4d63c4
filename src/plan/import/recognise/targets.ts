import type { SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { columnOf, factsOf, tablesOf, type Fact, type PlacedTable } from '../facts.ts';
import { isMap, list, mapping, scalar, type PlanNode, type ScalarNode } from '../write/node.ts';
import { assetsOfType } from './place-policies.ts';
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
  const words = stated.from === undefined ? stated.words : `${stated.from}-${stated.words}`;
  draft.understood(line, `${what} is ${words}`);
  return scalar(words, line);
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
  if (
    /^(the )?(full|entire|whole|overall|complete|all) (platform|systems?|services?|stack|recovery|environment)$/i.test(
      fact.key,
    )
  )
    return ofPlan(draft, target, fact.value, fact.line);
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
    noteNeeds(draft, cells[0] ?? '', cells.slice(1).join(' '), line);
  }
}

/** `| RTO | 4 hours | … |` */
function rowsOfTargets(draft: Draft, { table }: PlacedTable): void {
  for (const { cells, line } of table.rows) {
    const target = targetIn(cells[0] ?? '');
    if (target === undefined) ofMeans(draft, cells[0] ?? '', cells[1] ?? '', line);
    else ofPlan(draft, target, cells.slice(1).join(' | ').split(' | ')[0] ?? '', line);
  }
}

/** `MTTR` and `MTBF` are statistics over real runs, beside the targets. */
function ofMeans(draft: Draft, title: string, value: string, line: number): void {
  const mean = /\b(mttr|mtbf)\b/i.exec(title)?.[1]?.toLowerCase();
  const stated = mean === undefined ? undefined : readDuration(value);
  if (mean === undefined || stated === undefined || draft.section('objectives').has(mean)) return;
  draft.section('objectives').set(mean, scalar(stated.words, line));
  draft.understood(line, `${mean.toUpperCase()} is ${stated.words}`);
}

function setTarget(draft: Draft, part: string, target: Target, stated: StatedDuration, line: number): void {
  const asset = assetCalled(draft, part);
  const name = asset ?? serviceNamed(draft, part, line);
  const owner = draft.section(asset === undefined ? 'services' : 'assets').get(name);
  if (!isMap(owner)) return;
  const known = owner.entries.get('objectives');
  const objectives = isMap(known) ? known.entries : new Map<string, PlanNode>();
  objectives.set(target, targetNode(draft, `${target.toUpperCase()} of ${name}`, stated, line));
  owner.entries.set('objectives', { entries: objectives });
}

/** `Database` and `Configuration` are data, where the plan has the one asset of that sort. */
function assetCalled(draft: Draft, part: string): string | undefined {
  const type = /^(the )?(database|postgres(ql)?|db|data)s?$/i.test(part.trim())
    ? 'postgres'
    : /^config(uration)?s?$/i.test(part.trim())
      ? 'git'
      : undefined;
  const found = type === undefined ? [] : assetsOfType(draft, type);
  return found.length === 1 ? found[0] : undefined;
}

/** `Requires Postgres restore`: the service needs that asset. */
function noteNeeds(draft: Draft, part: string, words: string, line: number): void {
  const service = draft.section('services').get(draft.nameFor(part.replace(/\s*\(.*\)\s*$/, '')));
  const needed = /\b(requires?|needs?|depends on)\b.*\b(postgres(ql)?|database)\b/i.test(words)
    ? assetsOfType(draft, 'postgres')
    : [];
  if (needed.length !== 1 || !isMap(service)) return;
  service.entries.set('needs', list([scalar(needed[0] as string)], line));
  draft.guessed(line, `${part} needs ${needed[0]}`);
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
