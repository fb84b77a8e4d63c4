import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { registry } from '../../../app/registry.ts';
import { parseText, type PlanDocument } from '../../document.ts';
import { formatFinding } from '../../findings.ts';
import { lint } from '../../lint/index.ts';
import { checkPlan, inspectPlan } from '../../load.ts';
import type { Finding, Plan } from '../../model.ts';
import type { Block, Runbook, StepBlock, Word } from '../model.ts';
import { plainText, wordList } from '../model.ts';
import { filesOf, type PlanFile } from '../record.ts';
import { runbookOf } from '../runbook.ts';

export const date = '2026-11-21';
export const tool = 'lifeboat 0.0.0';

/** The runbook of a plan in a text, which must be right, with everything that the linter says of it, or what is given instead. */
export function runbookOfText(text: string, day = date, given?: readonly Finding[]): Runbook {
  const document = parseText('plan.yaml', text);
  const { plan, findings } = inspectPlan(document, registry);
  if (plan === undefined) throw new Error(findings.map(formatFinding).join('\n'));
  return made(plan, document, given ?? linted(plan, document, findings, day), [planFile(text)], day);
}

const planFile = (text: string): PlanFile => ({ file: 'plan.yaml', sha256: sha256(text) });

/** The same of a file with what it includes. */
export async function runbookOfFile(file: string, day = date): Promise<{ plan: Plan; runbook: Runbook }> {
  const { plan, findings, document } = await checkPlan(file, registry);
  if (plan === undefined) throw new Error(findings.map(formatFinding).join('\n'));
  const files = await Promise.all(
    filesOf(document).map(async (one) => ({ file: one, sha256: sha256(await readFile(one)) })),
  );
  return { plan, runbook: made(plan, document, linted(plan, document, findings, day), files, day) };
}

const linted = (plan: Plan, document: PlanDocument, findings: readonly Finding[], day: string): Finding[] => [
  ...findings,
  ...lint(plan, document, Date.parse(`${day}T00:00:00Z`)),
];

const made = (
  plan: Plan,
  document: PlanDocument,
  findings: readonly Finding[],
  files: readonly PlanFile[],
  day: string,
): Runbook => runbookOf({ plan, document, kinds: registry, findings, files, date: day, tool });

/** Every word of a runbook, in order. */
export function wordsOf(runbook: Runbook): Word[] {
  return [
    ...runbook.cover.flatMap(wordsIn),
    ...runbook.sections.flatMap(({ title, blocks }) => [title, ...blocks.flatMap(wordsIn)]),
  ];
}

/** All that a section says (or `cover`, the title page), as one text. */
export function textOf(runbook: Runbook, id: string): string {
  const blocks = id === 'cover' ? runbook.cover : runbook.sections.find((one) => one.id === id)?.blocks;
  if (blocks === undefined) throw new Error(`there is no section ${id}`);
  return blocks.flatMap(wordsIn).map(plainText).join('\n');
}

function wordsIn(block: Block): Word[] {
  switch (block.kind) {
    case 'heading':
      return [block.text];
    case 'paragraph':
    case 'notice':
      return [...wordList(block.text)];
    case 'facts':
      return block.rows.flatMap(([term, said]) => [term, ...wordList(said)]);
    case 'table':
      return [...block.head, ...block.rows.flat().flatMap(wordList)];
    case 'list':
    case 'ticks':
      return block.items.flatMap(wordList);
    case 'code':
      return [block.caption, block.text];
    case 'steps':
      return block.steps.flatMap(wordsOfStep);
  }
}

const wordsOfStep = ({ number, id, title, marks, blocks, inside }: StepBlock): Word[] => [
  number,
  id,
  title,
  ...marks,
  ...blocks.flatMap(wordsIn),
  ...inside.flatMap(wordsOfStep),
];

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
