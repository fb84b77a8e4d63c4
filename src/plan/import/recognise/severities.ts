import type { SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { columnOf, factsIn, tablesOf } from '../facts.ts';
import { readDuration } from '../words/durations.ts';
import { list, mapping, scalar, texts, type PlanNode } from '../write/node.ts';
import { roleOf } from './contacts.ts';
import { targetNode } from './targets.ts';

/** How urgent things are, and what can happen, in the document's own classes. */
export function recogniseSeverities(document: SourceDocument, draft: Draft): void {
  for (const { table } of tablesOf(document)) {
    const respond = columnOf(table, /response|respond|acknowledge/i);
    if (respond < 0 || !/severity|level|priority/i.test(table.headings[0] ?? '')) continue;
    const columns = {
      means: columnOf(table, /impact|description|meaning|definition/i),
      escalation: columnOf(table, /escalation/i),
      notify: columnOf(table, /notif|who|inform/i),
      actions: columnOf(table, /action/i),
      updates: columnOf(table, /update|communicat/i),
    };
    for (const { cells, line } of table.rows) {
      const cell = (column: number): string => (column < 1 ? '' : (cells[column] ?? ''));
      const stated = readDuration(cell(respond));
      const [short = '', ...means] = (cells[0] ?? '').split(/\s+[-–—:]\s+/);
      const escalation = cell(columns.escalation);
      const after = readDuration(escalation);
      const role = escalation.replace(/\s+(within|after|in)\b.*$/i, '');
      const told = cell(columns.notify)
        .split(/,\s*/)
        .filter((who) => who !== '');
      const node: Record<string, PlanNode | undefined> = {
        means: scalarOf([...means, cell(columns.means)].filter((part) => part !== '').join(', '), line),
        respond: stated === undefined ? undefined : scalar(stated.words, line),
        tell: texts(told.filter((who) => !/ticket/i.test(who)).map((who) => roleOf(draft, who, line))),
        escalate:
          after === undefined || role === ''
            ? undefined
            : list([mapping({ role: scalar(roleOf(draft, role, line)), after: scalar(after.words, line) })], line),
        updates: durationOf(cell(columns.updates), line),
        actions: texts(
          [
            cell(columns.actions),
            ...(after === undefined && escalation !== '' ? [escalation] : []),
            ...told.filter((who) => /ticket/i.test(who)),
          ].filter((one) => one !== ''),
        ),
      };
      const name = draft.declare('severities', short, mapping(node, line));
      draft.understood(line, `${short} is the severity ${name}`);
    }
  }
}

/** `Category 2: Database failure` with its severity, examples and recovery time. */
export function recogniseCategories(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (
      !section.around.some((title) => /categor|types? of (disaster|failure)|classification/i.test(title)) &&
      !/^category\b/i.test(section.title)
    )
      continue;
    const facts = factsIn(section);
    const find = (key: RegExp): { value: string; line: number } | undefined => facts.find((fact) => key.test(fact.key));
    const time = find(/recovery time|rto|expected/i);
    const examples = find(/examples?/i);
    const answers = find(/procedure|response|actions?/i);
    const severity = find(/severity|priority/i);
    if (time === undefined && examples === undefined) continue;
    const stated = readDuration(time?.value ?? '');
    const title = section.title.replace(/^category\s+\w+\s*[:.-]\s*/i, '');
    const node = mapping(
      {
        means: scalarOf(
          [title, severity === undefined ? '' : `severity ${severity.value.toLowerCase()}`]
            .filter((part) => part !== '')
            .join(', '),
          section.line,
        ),
        examples: listOf(examples),
        objectives:
          stated === undefined
            ? undefined
            : mapping({ rto: targetNode(draft, `RTO of ${title}`, stated, time?.line ?? section.line) }),
        answers: listOf(answers),
      },
      section.line,
    );
    const name = draft.declare('categories', title, node);
    for (const { line } of facts) draft.used(line);
    draft.understood(section.line, `${title} is the category ${name}`);
  }
}

const scalarOf = (text: string, line: number): PlanNode | undefined => (text === '' ? undefined : scalar(text, line));

function durationOf(text: string, line: number): PlanNode | undefined {
  const stated = readDuration(text);
  return stated === undefined ? undefined : scalar(stated.words, line);
}

const listOf = (fact: { value: string; line: number } | undefined): PlanNode | undefined =>
  fact === undefined
    ? undefined
    : texts(
        fact.value.split(/,\s*/).filter((part) => part !== ''),
        fact.line,
      );
