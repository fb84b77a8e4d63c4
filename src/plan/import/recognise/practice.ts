import { blocksOf, type Section, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { columnOf, factsIn, tablesOf } from '../facts.ts';
import { isShell } from '../shell/languages.ts';
import { parseScript } from '../shell/parse.ts';
import { readCadence, type StatedCadence } from '../words/cadence.ts';
import { readDuration, readLength } from '../words/durations.ts';
import { list, mapping, scalar, texts, type PlanNode } from '../write/node.ts';
import { assetsOfType } from './place-policies.ts';
import { short } from './steps.ts';
import { targetIn } from './targets.ts';

/** What people rehearse on a calendar. Restores and scenarios that the plan knows are drills; what remains are exercises. */
export function recognisePractice(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (isCalendar(section)) fromCalendar(section, draft);
    for (const block of blocksOf(section.blocks)) {
      if (block.kind === 'code' && !isShell(block) && /drill|test|exercise/i.test(`${section.title} ${block.lead}`))
        fromText(block.text, block.line, block.lead, section, draft);
    }
    wholeSection(section, draft);
  }
  for (const { table, section } of tablesOf(document)) fromTable(table, section, draft);
  fromWords(document, draft);
}

const practice = /\b(test(s|ing)?|drills?|exercises?|rehears\w+|game ?days?)\b/i;
const isCalendar = (section: Section): boolean =>
  practice.test([section.title, ...section.around].join(' ')) ||
  section.blocks.some((block) => block.kind === 'list' && block.items.some(({ text }) => /\bdrills?\b/i.test(text)));

/** Lists below `Weekly`, and items `Monthly: restore drill into staging`. */
function fromCalendar(section: Section, draft: Draft): void {
  const around = readCadence(section.title);
  for (const block of section.blocks) {
    if (block.kind !== 'list' || block.ordered) continue;
    for (const item of block.items) {
      const [, key, value = ''] = /^([^:]{3,40}):\s+(.+)$/.exec(item.text) ?? [];
      const own = key === undefined ? undefined : readCadence(key);
      if (own !== undefined) exercise(draft, value, own, item.line);
      else if (around !== undefined && key === undefined) exercise(draft, item.text, around, item.line);
      else if (/\bdrills?\b|\btests?\b/i.test(item.text) && item.text.endsWith(':')) {
        const inner = readCadence(item.text);
        for (const block2 of item.blocks) {
          if (block2.kind !== 'list' || inner === undefined) continue;
          draft.used(item.line);
          for (const { text, line } of block2.items) exercise(draft, text, inner, line);
        }
      }
    }
  }
}

function fromTable(table: Parameters<typeof columnOf>[0], section: Section, draft: Draft): void {
  if (!practice.test([section.title, ...section.around].join(' '))) return;
  const duration = columnOf(table, /duration|time|length/i);
  const frequency = columnOf(table, /frequency|schedule|how often|cadence/i);
  const means = columnOf(table, /description|scope|what/i);
  if (duration < 1 && frequency < 1) return;
  const around = readCadence(section.title);
  for (const { cells, line } of table.rows) {
    const often = frequency < 1 ? around : (readCadence(cells[frequency] ?? '') ?? around);
    if (often === undefined || (cells[0] ?? '') === '') continue;
    const title = means < 1 ? (cells[0] as string) : `${cells[0]}: ${cells[means] ?? ''}`;
    exercise(draft, title, often, line, cells[duration] ?? '', cells[0]);
  }
}

/** A section that is one rehearsal: `Monthly DR drill`, with its steps and `Schedule: first Saturday …`. */
function wholeSection(section: Section, draft: Draft): void {
  if (!/\b(drills?|restore tests?|failover test(ing)?)\b/i.test(section.title)) return;
  const fact = factsIn(section).find(({ key }) => /^(schedule|date|when|frequency)$/i.test(key));
  const often = readCadence(fact?.value ?? '') ?? readCadence(section.title);
  const stages = stagesOf(section);
  if (stages.length === 0 || section.blocks.every((block) => block.kind === 'code' && !isShell(block))) return;
  if (fact !== undefined) draft.used(fact.line);
  for (const { line } of stages) draft.used(line);
  if (often === undefined) return untimed(section, stages, draft);
  const parts = stages.map(({ text, line }) => stage(text, line));
  const line = fact?.line ?? section.line;
  // A drill is a drill by its name; a test is an exercise, of whatever it says.
  if (/\bdrill\b/i.test(section.title))
    drill(draft, section.title, often, { line, budget: undefined, stages: parts, criteria: [], about: undefined });
  else exercise(draft, section.title, often, line, '', section.title, parts);
}

function untimed(section: Section, stages: readonly { text: string; line: number }[], draft: Draft): void {
  const node = mapping(
    { kind: scalar(kindOf(section.title)), stages: list(stages.map(({ text, line }) => stage(text, line))) },
    section.line,
  );
  draft.guessed(section.line, `"${section.title}" is practised, but the document does not say when`);
  draft.declare('exercises', section.title, node);
}

function stagesOf(section: Section): { text: string; line: number }[] {
  return section.blocks.flatMap((block) => {
    if (block.kind === 'list' && block.ordered) return block.items.map(({ text, line }) => ({ text, line }));
    if (block.kind !== 'code' || !isShell(block)) return [];
    const { comments, statements } = parseScript(block.text, block.line);
    return statements.length > 0
      ? []
      : comments.map(({ text, line }) => ({ text: text.replace(/^\d+[.)]\s*/, ''), line }));
  });
}

/** A block of plain text: date, duration, numbered stages with minutes, and what counts as success. */
function fromText(text: string, firstLine: number, lead: string, section: Section, draft: Draft): void {
  const lines = text.split('\n').map((words, index) => ({ words: words.trim(), line: firstLine + index }));
  const after = (key: RegExp): { value: string; line: number } | undefined => {
    const found = lines.find(({ words }) => key.test(words));
    return found === undefined ? undefined : { value: found.words.replace(/^[^:]*:\s*/, ''), line: found.line };
  };
  const date = after(/^(date|schedule|when|frequency):/i);
  const often = readCadence(date?.value ?? '') ?? readCadence(lead);
  if (often === undefined) return;
  const stages = lines.flatMap(({ words, line }) => {
    const match = /^\d+[.)]\s+(.*)$/.exec(words);
    return match === null ? [] : [stage(match[1] as string, line)];
  });
  const from = lines.findIndex(({ words }) => /^(success )?criteria|^success/i.test(words));
  const criteria =
    from === -1
      ? []
      : lines
          .slice(from + 1)
          .filter(({ words }) => /^[-*]\s/.test(words))
          .map(({ words, line }) => ({ words: words.slice(2), line }));
  const budget = after(/^(duration|length|time):/i);
  for (const { words, line } of lines) if (words !== '') draft.used(line);
  const title = lead.replace(/:\s*$/, '') || section.title;
  drill(draft, title, often, {
    line: date?.line ?? firstLine,
    budget,
    stages,
    criteria,
    about: after(/^scope:/i)?.value,
  });
}

interface DrillWords {
  readonly line: number;
  readonly budget: { value: string; line: number } | undefined;
  readonly stages: readonly PlanNode[];
  readonly criteria: readonly { words: string; line: number }[];
  readonly about: string | undefined;
}

function drill(
  draft: Draft,
  title: string,
  often: StatedCadence,
  { line, budget, stages, criteria, about }: DrillWords,
): void {
  const expect: Record<string, PlanNode> = {};
  for (const { words, line: at } of criteria) {
    const target = targetIn(words);
    const stated = readDuration(words);
    if (target !== undefined && stated !== undefined) expect[target] = scalar(stated.words, at);
    else if (/\b(zero|no)\b.*\bloss\b/i.test(words)) expect['lost'] = scalar(0, at);
    else if (/\bhealth/i.test(words)) expect['health'] = scalar(true, at);
  }
  const stated = readLength(budget?.value ?? '');
  const node = mapping(
    {
      about: about === undefined ? undefined : scalar(about),
      restore: scalar('random', undefined, 'guessed: the document names no scenario'),
      every: scalar(often.words, line),
      budget: stated === undefined ? undefined : scalar(stated.words, budget?.line),
      stages: stages.length === 0 ? undefined : list(stages),
      expect: Object.keys(expect).length === 0 ? undefined : mapping(expect),
    },
    line,
  );
  const name = draft.declare('drills', title, node);
  draft.guessed(line, `"${title}" is the drill ${name}, ${often.words}: of any asset, because it names no scenario`);
}

function stage(text: string, line: number): PlanNode {
  const stated = readDuration(/\(([^)]*)\)\s*$/.exec(text)?.[1] ?? '');
  const name = text.replace(/\s*\([^)]*\)\s*$/, '');
  return mapping(
    { name: scalar(name === '' ? text : name, line), budget: stated === undefined ? undefined : scalar(stated.words) },
    line,
  );
}

/** `Daily restore test on staging`, `Validate restores weekly into …`: rhythms of restores outside any calendar. */
function fromWords(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    for (const block of blocksOf(section.blocks)) {
      const lines = block.kind === 'paragraph' ? block.lines : block.kind === 'list' ? block.items : [];
      for (const { text, line } of lines) {
        if (
          draft.isUsed(line) ||
          !/\b(restor\w+|backup verification|verification)\b/i.test(text) ||
          !/\btest|\bvalidat|\bverif|\bdrill/i.test(text)
        )
          continue;
        const often = readCadence(text);
        if (often !== undefined && !/^\d+[.)]/.test(text))
          exercise(draft, text.replace(/^testing:\s*/i, ''), often, line);
      }
      if (block.kind === 'code' && practice.test(block.lead) && isShell(block)) {
        const often = readCadence(block.lead);
        const at = block.line - 2;
        if (often !== undefined && !draft.isUsed(at)) exercise(draft, block.lead, often, at);
      }
    }
    const often =
      /verification|restore test/i.test(section.title) && /\bautomated\b|\bdaily\b|\bweekly\b/i.test(section.title)
        ? readCadence(section.title)
        : undefined;
    if (often !== undefined && !draft.isUsed(section.line)) exercise(draft, section.title, often, section.line);
  }
}

function exercise(
  draft: Draft,
  words: string,
  often: StatedCadence,
  line: number,
  budget = '',
  title = words,
  stages: readonly PlanNode[] = [],
): void {
  const kind = kindOf(words);
  const stated = readLength(budget);
  const node = mapping(
    {
      kind: scalar(kind, undefined, 'guessed from its words'),
      about: scalar(words, line),
      every: scalar(often.words, line, often.guess),
      budget: stated === undefined ? undefined : scalar(stated.words, line),
      pick: /\brandom(ly)?\b/i.test(words) ? scalar('random') : undefined,
      of: kind === 'restore' ? texts(assetsOfType(draft, 'postgres').slice(0, 1)) : undefined,
      stages: stages.length === 0 ? undefined : list(stages),
    },
    line,
  );
  const name = draft.declare('exercises', title.split(/[:(,.]/)[0] ?? title, node);
  draft.understood(line, `"${short(words)}" is the exercise ${name}, ${often.words}`);
}

function kindOf(text: string): string {
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/\btable-?top|walk ?through/i, 'tabletop'],
    [/\baudit|assessment/i, 'audit'],
    [/\btraining/i, 'training'],
    [/\bchaos|fault injection|inject/i, 'chaos'],
    [/\brotat/i, 'rotation'],
    [/\brebuild|full dr|full (system )?recovery|complete/i, 'rebuild'],
    [/\bfail-?over|region|primary loss|outage/i, 'failover'],
    [/\brestor/i, 'restore'],
    [/\breview/i, 'review'],
  ];
  return kinds.find(([word]) => word.test(text))?.[1] ?? 'test';
}
