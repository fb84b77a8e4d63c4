import { withInner, type Block, type Section, type SourceDocument } from '../document/document.ts';
import { nameOf, type Draft } from '../draft.ts';
import { columnOf, factsIn, tablesOf } from '../facts.ts';
import { isShell } from '../shell/languages.ts';
import { readDuration } from '../words/durations.ts';
import type { World } from '../world.ts';
import { isMap, list, mapping, scalar, texts, type PlanNode } from '../write/node.ts';
import { StepWriter, short } from './steps.ts';
import { targetIn, targetNode } from './targets.ts';

/** A procedure of the document: a heading with steps below it. `lines` are those that belong to it. */
export interface Procedure {
  readonly section: Section;
  readonly title: string;
  readonly blocks: readonly Block[];
  /** The section of the scenario with all inside it, for what is said about it. */
  readonly about: readonly Section[];
}

const about =
  /break|broken|damaged|burn(ed|t)|stolen|\bfire\b|flood|breach|ransom|\b(is|are|was) (gone|lost|down|dead)\b|\b(lost|gone|unavailable)$|recover|restor|procedure|scenario|playbook|failover|rollback|disaster|incident response|outage|loss\b|failure|corruption|emergency|runbook/i;
const notAbout =
  /back ?ups? (strateg|script|schedul|storage|verif|polic|retention)|^back ?ups?\b|schedul|\btest(s|ing)?\b|drill|exercise|contact|communicat|template|checklist|status page|monitor|alert|appendix|retention|escalat|useful commands|objectives?|targets?|overview|table of contents|prepar|prerequisit|document control|references?|post-?(incident|mortem)|lessons|verification/i;
const generic = /^((recovery |detailed |the )?(steps?|actions?|procedures?|instructions?)|what to do|how to recover)$/i;

/** Headings with steps below them that are about recovering something. */
export function proceduresOf(document: SourceDocument): Procedure[] {
  const found: Procedure[] = [];
  for (const section of document.sections) {
    const path = [...section.around, section.title];
    const owner = generic.test(section.title) ? ownerOf(document, section) : section;
    if (path.slice(1).some((title) => notAbout.test(title)) || !path.some((title) => about.test(title))) continue;
    for (const group of groupsOf(section)) {
      if (!group.blocks.some(hasSteps)) continue;
      const title = titleOf(owner, group.title);
      found.push({
        section: owner,
        title,
        blocks: group.blocks,
        about: owner === section ? [section] : withInner(document, owner),
      });
    }
  }
  return found;
}

export function recogniseScenarios(
  procedures: readonly Procedure[],
  draft: Draft,
  world: World,
): Map<Procedure, string> {
  const names = new Map<Procedure, string>();
  for (const procedure of procedures) {
    const writer = new StepWriter(draft, world);
    for (const block of procedure.blocks) {
      if (block.kind === 'list' && isSteps(block)) writer.items(block.items);
      if (block.kind === 'code' && isShell(block)) writer.code(block);
    }
    if (writer.steps.length === 0) continue;
    const node = mapping({ ...detailsOf(procedure, draft, world), steps: list(writer.steps) }, procedure.section.line);
    const name = draft.declare('scenarios', procedure.title, node);
    names.set(procedure, name);
    draft.understood(
      procedure.section.line,
      `${procedure.title} is the scenario ${name}, with ${writer.steps.length} steps`,
    );
  }
  return names;
}

const isSteps = (block: Block & { kind: 'list' }): boolean =>
  (block.ordered && block.items.every(({ text }) => !/^[^:]{1,40}:\s/.test(text) || block.items.length > 1)) ||
  (!block.ordered && /^(actions?|steps?)\b/i.test(block.lead));

const hasSteps = (block: Block): boolean =>
  (block.kind === 'list' && isSteps(block) && block.items.length > 0) || (block.kind === 'code' && isShell(block));

/** `If multi-region exists:` and `**Rollback to a version**:` begin another way of doing it. */
function groupsOf(section: Section): { title: string; blocks: Block[] }[] {
  const groups: { title: string; blocks: Block[] }[] = [{ title: '', blocks: [] }];
  for (const block of section.blocks) {
    const last = groups.at(-1) as { title: string; blocks: Block[] };
    if (hasSteps(block) && last.blocks.some(hasSteps) && isVariant(block.lead))
      groups.push({ title: variantTitle(block.lead), blocks: [block] });
    else if (hasSteps(block) && isCondition(block.lead) && !last.blocks.some(hasSteps)) {
      groups.push({ title: variantTitle(block.lead), blocks: [...last.blocks.splice(0), block] });
    } else last.blocks.push(block);
  }
  return groups;
}

/** `If multi-region exists:`; but `When to use: …` says when, and begins nothing. */
const isCondition = (lead: string): boolean =>
  /^(if|when|in case)\b[^:]*:?$/i.test(lead) && !/^when to use/i.test(lead);
const isVariant = (lead: string): boolean => isCondition(lead) || lead.endsWith(':');
const variantTitle = (lead: string): string =>
  lead
    .replace(/:\s*$/, '')
    .replace(/^if\s+/i, '')
    .replace(/\s+exists?$/i, '')
    .replace(/\(.*\)/, '')
    .trim();

function titleOf(section: Section, variant: string): string {
  const plain = section.title
    .replace(/^(scenario|procedure|playbook|case|phase|category|runbook)\s+[\w.]{1,3}\s*[:.–—-]\s*/i, '')
    .replace(/^\d+(\.\d+)*[.):]?\s+/, '');
  const parent = section.around.at(-1) ?? '';
  const whole = /^(from|by|using|with|via|option|to)\b/i.test(plain) ? `${parent} ${plain}` : plain;
  // A variant that has the heading's own words in it says all that there is to say.
  const repeats = whole
    .toLowerCase()
    .split(/\W+/)
    .some((word) => word.length > 5 && variant.toLowerCase().startsWith(word));
  return repeats ? variant : [whole, variant].filter((part) => part !== '').join(' ');
}

/** The heading around `Recovery steps`. */
function ownerOf(document: SourceDocument, section: Section): Section {
  const at = document.sections.indexOf(section);
  return document.sections.slice(0, at).findLast(({ depth }) => depth < section.depth) ?? section;
}

function detailsOf(procedure: Procedure, draft: Draft, world: World): Record<string, PlanNode | undefined> {
  const details: Record<string, PlanNode | undefined> = {};
  const objectives: Record<string, PlanNode> = {};
  for (const fact of procedure.about.flatMap(factsIn)) {
    const target = targetIn(fact.key);
    const stated = readDuration(fact.value);
    if (target !== undefined && stated !== undefined)
      objectives[target] ??= targetNode(
        draft,
        `${target.toUpperCase()} of "${short(procedure.title)}"`,
        stated,
        fact.line,
      );
    else if (/^(expected|estimated|typical) (duration|time|recovery time)$/i.test(fact.key) && stated !== undefined) {
      details['expected'] = scalar(
        stated.from === undefined ? stated.words : `${stated.from}-${stated.words}`,
        fact.line,
      );
      draft.understood(fact.line, `"${short(procedure.title)}" is expected to take ${fact.value}`);
    } else if (/^(when to use|trigger|symptoms?|detection)$/i.test(fact.key) && fact.value !== '') {
      details['trigger'] = scalar(fact.value, fact.line);
      draft.understood(fact.line, `when to use "${short(procedure.title)}"`);
    } else if (/^(impact|goal)$/i.test(fact.key) && fact.value !== '') {
      details[fact.key.toLowerCase()] = scalar(fact.value, fact.line);
      draft.understood(fact.line, `${fact.key.toLowerCase()} of "${short(procedure.title)}"`);
    }
  }
  return {
    ...details,
    ...(Object.keys(objectives).length === 0 ? {} : { objectives: mapping(objectives) }),
    loses: lossOf(procedure, draft, world, details),
  };
}

/** What is lost, from the words of the heading and of the impact: said to be guessed. */
function lossOf(
  procedure: Procedure,
  draft: Draft,
  world: World,
  details: Readonly<Record<string, PlanNode | undefined>>,
): PlanNode | undefined {
  const { section, title } = procedure;
  const impact = details['impact'];
  const words = `${title} ${impact !== undefined && 'value' in impact ? String(impact.value) : ''}`;
  const assets: string[] = [];
  const domains: string[] = [];
  if (/\bsqlite\b/i.test(words)) assets.push(...draft.names('assets').filter((name) => name.endsWith('_sqlite')));
  else if (/\b(database|postgres(ql)?|db)\b/i.test(words) || /\b(data|database)\b.*\b(corruption|loss)\b/i.test(words))
    assets.push(world.database(section.line));
  if (/\bregion\b.*\b(fail|outage|loss|lost|down)|\bcross-region failover\b/i.test(words))
    domains.push(world.primaryRegion(section.line));
  else if (
    /\b(all|complete|entire|total)\b.*\b(infrastructure|aws|cloud|account)\b.*\b(loss|lost|destroyed|gone|failure)?/i.test(
      words,
    ) &&
    /\b(loss|lost|destroyed)\b/i.test(words)
  )
    domains.push(world.wholeCloud(section.line));
  else if (/\bcluster\b/i.test(words)) domains.push(world.domain('cluster', section.line));
  if (assets.length + domains.length === 0) return undefined;
  draft.guessed(section.line, `"${short(title)}" loses ${[...assets, ...domains].join(', ')}`);
  return mapping({ assets: texts(assets), domains: texts(domains) }, section.line, 'guessed from the heading');
}

/** A table `scenario → RTO`: objectives of the scenarios that it names, or scenarios of their own without steps. */
export function recogniseScenarioTables(document: SourceDocument, draft: Draft): void {
  for (const { table } of tablesOf(document)) {
    const rto = columnOf(table, /\brto\b|recovery time/i);
    const rpo = columnOf(table, /\brpo\b/i);
    if ((rto < 0 && rpo < 0) || !/scenario|disaster|incident|failure|event/i.test(table.headings[0] ?? '')) continue;
    const answer = columnOf(table, /procedure|action|response|recovery$/i);
    for (const { cells, line } of table.rows) {
      const title = cells[0] ?? '';
      if (title === '') continue;
      const objectives: Record<string, PlanNode> = {};
      for (const [target, column] of [
        ['rto', rto],
        ['rpo', rpo],
      ] as const) {
        const stated = readDuration(cells[column] ?? '');
        if (stated !== undefined)
          objectives[target] = targetNode(draft, `${target.toUpperCase()} of "${short(title)}"`, stated, line);
      }
      placeTargets(draft, title, mapping(objectives), line, cells[answer] ?? '');
    }
  }
}

function placeTargets(draft: Draft, title: string, objectives: PlanNode, line: number, answer: string): void {
  const wanted = nameOf(title);
  const name = draft.names('scenarios').find((one) => one === wanted || `_${one}_`.includes(`_${wanted}_`));
  const known = name === undefined ? undefined : draft.section('scenarios').get(name);
  if (isMap(known)) {
    if (!known.entries.has('objectives')) known.entries.set('objectives', objectives);
    if (answer !== '' && !known.entries.has('answers')) known.entries.set('answers', scalar(answer, line));
    return;
  }
  // Its way back is said in a few words only: that is one step for people.
  const steps = list([
    mapping({
      id: scalar('follow_the_words'),
      manual: scalar(answer === '' ? '[the steps: the document names none]' : answer, line),
    }),
  ]);
  draft.declare('scenarios', title, mapping({ trigger: scalar(title, line), objectives, steps }, line));
  draft.guessed(line, `"${short(title)}" is a scenario whose procedure is a few words`);
}
