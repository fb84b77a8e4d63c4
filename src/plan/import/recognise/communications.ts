import { blocksOf, type SourceDocument } from '../document/document.ts';
import type { Draft } from '../draft.ts';
import { isShell } from '../shell/languages.ts';
import { readLength } from '../words/durations.ts';
import { isMap, list, mapping, scalar, texts, type PlanNode } from '../write/node.ts';

/** What is said during an incident: templates, states of the status page, the log, what happens afterwards. */
export function recogniseCommunications(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    const about = [section.title, ...section.around].join(' / ');
    for (const block of blocksOf(section.blocks)) {
      if (
        block.kind === 'code' &&
        !isShell(block) &&
        /communicat|template|notification|status page|incident (log|report|documentation)|message|announcement/i.test(
          `${about} ${block.lead}`,
        )
      ) {
        if (/log\b/i.test(block.lead) && /^\s*\[?\d\d:\d\d/m.test(block.text)) logOf(draft, block.text, block.line);
        else template(draft, block.lead === '' ? section.title : block.lead, block.text, block.line);
      }
      if (block.kind === 'list' && block.ordered && /status page|states?$/i.test(section.title)) {
        const states = block.items.flatMap(({ text, line }) => {
          const [, state, means = ''] = /^([A-Za-z ]{3,20})(?::\s*(.*))?$/.exec(text) ?? [];
          if (state === undefined) return [];
          draft.understood(line, `${state} is a state of the status page`);
          return [
            mapping(
              {
                state: scalar(state.trim().toLowerCase().replaceAll(' ', '_'), line),
                means: means === '' ? undefined : scalar(means),
              },
              line,
            ),
          ];
        });
        if (states.length > 0) incidents(draft).set('states', list(states, block.line));
      }
    }
  }
  recogniseReview(document, draft);
}

function incidents(draft: Draft): Map<string, PlanNode> {
  return draft.section('incidents');
}

function template(draft: Draft, title: string, text: string, line: number): void {
  const [, subject, rest] = /^\s*subject:\s*(.*)\n+([^]*)$/i.exec(text) ?? [];
  const body = (rest ?? text).trim();
  if (body === '') return;
  const lines = text.split('\n').length;
  const name = draft.declare(
    'templates',
    title.replace(/:\s*$/, ''),
    mapping(
      { subject: subject === undefined ? undefined : scalar(subject, line), body: scalar(liquidSafe(body), line) },
      line,
    ),
  );
  draft.understood(line, `the template ${name}`, line + lines - 1);
  const updates = /\bupdates?\b.*\bevery\b/i.test(body)
    ? readLength(/\bevery\s+(.*)/i.exec(body)?.[1] ?? '')
    : undefined;
  if (updates !== undefined) statusPage(draft).set('updates', scalar(updates.words, line));
}

/** The braces of Liquid are our own language: a document does not mean them. */
const liquidSafe = (text: string): string => text.replaceAll(/\{([{%])/g, '{ $1').replaceAll(/([}%])\}/g, '$1 }');

function statusPage(draft: Draft): Map<string, PlanNode> {
  const known = incidents(draft).get('statusPage');
  if (isMap(known)) return known.entries;
  const made = mapping({});
  incidents(draft).set('statusPage', made);
  return made.entries;
}

function logOf(draft: Draft, text: string, line: number): void {
  const lines = text.split('\n').filter((one) => one.trim() !== '');
  const entries = lines.map((one) => one.replace(/^\s*\[?\d\d:\d\d(:\d\d)?\]?\s*/, ''));
  incidents(draft).set('log', mapping({ format: scalar('[HH:MM] event'), entries: texts(entries) }, line));
  draft.understood(line, 'the form of the incident log', line + lines.length - 1);
}

/** `Schedule within 48 hours` below a post-mortem. */
function recogniseReview(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/post-?mortem|post-?incident review|retrospective/i.test(section.title) || /procedures/i.test(section.title))
      continue;
    const items = section.blocks.flatMap((block) => (block.kind === 'list' ? block.items : []));
    const within = items.flatMap(({ text, line }) => {
      const stated = /\bwithin\b/i.test(text) ? readLength(text) : undefined;
      return stated === undefined ? [] : [{ words: stated.words, line }];
    })[0];
    if (within === undefined) continue;
    const agenda = items.filter(({ line }) => line !== within.line);
    incidents(draft).set(
      'review',
      mapping(
        { within: scalar(within.words, within.line), agenda: texts(agenda.map(({ text }) => text)) },
        section.line,
      ),
    );
    for (const { line } of items) draft.used(line);
    draft.understood(within.line, `the review is held within ${within.words}`);
  }
}

/** Boxes to tick, and lists of what is done after an incident. */
export function recogniseChecklists(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    const boxes = section.blocks.flatMap((block) =>
      block.kind === 'list' ? block.items.filter(({ box }) => box) : [],
    );
    const after =
      boxes.length === 0 &&
      section.around.some((title) => /post-?incident|after (the )?(incident|recovery)/i.test(title));
    const listed = after ? section.blocks.flatMap((block) => (block.kind === 'list' ? block.items : [])) : [];
    const items = [...boxes, ...listed].filter(({ line }) => !draft.isUsed(line) || boxes.length > 0);
    if (items.length === 0) continue;
    const when = /pre-|before/i.test(section.title)
      ? 'before'
      : /during|while/i.test(section.title)
        ? 'during'
        : /post|after/i.test(section.title) || after
          ? 'after'
          : undefined;
    const entries = items.map(({ text, line }) => {
      const every = /\bevery\s+(\d.*)/i.exec(text)?.[1];
      const stated = every === undefined ? undefined : readLength(every);
      return stated === undefined
        ? scalar(text, line)
        : mapping({ do: scalar(text, line), every: scalar(stated.words) }, line);
    });
    const name = draft.declare(
      'checklists',
      section.title,
      mapping({ when: when === undefined ? undefined : scalar(when), items: list(entries) }, section.line),
    );
    for (const { line } of items) draft.used(line);
    draft.understood(section.line, `the checklist ${name}, ${items.length} points`);
  }
}
