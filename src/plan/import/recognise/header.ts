import type { SourceDocument } from '../document/document.ts';
import { nameOf, type Draft } from '../draft.ts';
import { factsOf } from '../facts.ts';
import { mapping, scalar } from '../write/node.ts';

/** What the plan is about, its name, who answers for it, and when it was read last and is to be read next. */
export function recogniseHeader(document: SourceDocument, draft: Draft, fileName: string): void {
  recogniseName(document, draft, fileName);
  recogniseAbout(document, draft);
  recogniseOwner(document, draft);
  recogniseVersion(document, draft);
  recogniseReview(document, draft);
}

function recogniseName(document: SourceDocument, draft: Draft, fileName: string): void {
  const found = nameInTitle(document) ?? nameInText(document);
  const root = draft.root();
  if (found !== undefined) {
    draft.guessed(found.line, `the plan is called ${nameOf(found.name)}`);
    root.set('plan', scalar(nameOf(found.name), found.line));
    return;
  }
  const title = fileName.replace(/\.[a-z]+$/i, '');
  const name = nameOf(/^[A-Za-z]/.test(title) ? title : `plan_${title}`, 'imported_plan');
  draft.guessed(1, `the plan is called ${name}, after the file: the document gives no name`);
  root.set('plan', scalar(name, undefined, 'after the file'));
}

/** The first text below the title. */
function recogniseAbout({ sections }: SourceDocument, draft: Draft): void {
  const first = sections.slice(0, 3).flatMap(({ blocks }) => blocks)[0];
  if (first?.kind !== 'paragraph' || first.lines.some(({ text }) => text.endsWith(':'))) return;
  const text = first.lines.map((line) => line.text).join(' ');
  if (text.length < 30 || text.length > 600) return;
  draft.root().set('about', scalar(text, first.line));
  draft.used(first.line, first.lines.at(-1)?.line);
}

interface Named {
  readonly name: string;
  readonly line: number;
}

const generic =
  /\b(disaster|recovery|dr|drp|plan|guide|runbook|document(ation)?|procedures?|playbook|strategy|business|continuity|and|the|for|of|our|backup|operations?|handbook|manual|[()/&:–—-])/gi;

/** `Disaster recovery plan for Corner Shop`: what is left when the words that every such title has are gone. */
function nameInTitle({ sections }: SourceDocument): Named | undefined {
  const title = sections.find(({ depth }) => depth === 1);
  const name =
    title?.title
      .replaceAll(generic, ' ')
      .replaceAll(/[()/&:–—-]/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim() ?? '';
  return title === undefined || !/[A-Za-z]{2}/.test(name) ? undefined : { name, line: title.line };
}

const sentence =
  /\b(?:procedures?|recovery|plan|guide|runbook|impacting|affecting|protects?)\b[^.]{0,40}?\b(?:for|of|impacting|affecting)\s+(?:the\s+)?([A-Za-z][\w-]*(?:\s+[A-Z][\w-]*){0,3})\s*[.,]/;

function nameInText({ sections }: SourceDocument): Named | undefined {
  for (const section of sections.slice(0, 3)) {
    for (const block of section.blocks) {
      if (block.kind !== 'paragraph') continue;
      for (const { text, line } of block.lines) {
        const name = sentence.exec(text)?.[1] ?? /\bimpacting\s+([A-Z][\w-]*(?:\s+[A-Z][\w-]*){0,3})/.exec(text)?.[1];
        if (name !== undefined) return { name, line };
      }
    }
  }
  return undefined;
}

function recogniseOwner(document: SourceDocument, draft: Draft): void {
  const fact = factsOf(document).find(({ key }) => /^(document |plan )?owner$/i.test(key));
  if (fact === undefined || fact.value === '') return;
  draft.root().set('owner', scalar(fact.value, fact.line));
  draft.understood(fact.line, `the plan is owned by ${fact.value}`);
}

function recogniseVersion(document: SourceDocument, draft: Draft): void {
  const fact = factsOf(document).find(
    ({ key, value }) => /^(document |plan )?version$/i.test(key) && /^v?\d[\w.-]*$/.test(value),
  );
  if (fact === undefined) return;
  draft.root().set('version', scalar(fact.value, fact.line));
  draft.understood(fact.line, `the version of the document is ${fact.value}`);
}

function recogniseReview(document: SourceDocument, draft: Draft): void {
  const facts = factsOf(document);
  const dateOf = (key: RegExp): { day: string; line: number } | undefined => {
    for (const fact of facts) {
      const day = key.test(fact.key) ? isoDay(fact.value) : undefined;
      if (day !== undefined) return { day, line: fact.line };
    }
    return undefined;
  };
  const last = dateOf(/^(document )?last (updated|reviewed|review|revised|tested)$|^(updated|reviewed)$/i);
  const next = dateOf(/^next (review|revision|update)( date)?$/i);
  if (last !== undefined) draft.understood(last.line, `the document was last read on ${last.day}`);
  if (next !== undefined) draft.understood(next.line, `it is to be read again on ${next.day}`);
  if (last === undefined && next === undefined) return;
  draft.root().set(
    'review',
    mapping({
      last: last === undefined ? undefined : scalar(last.day, last.line),
      next: next === undefined ? undefined : scalar(next.day, next.line),
    }),
  );
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `2025-01-17`, `17 January 2025`, `January 17, 2025`; undefined for anything that is no day. */
export function isoDay(text: string): string | undefined {
  const iso = /\b(\d{4})-(\d{2})-(\d{2})\b/.exec(text);
  const worded = /\b(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b/.exec(text);
  const american = /\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b/.exec(text);
  if (iso !== null) return valid(iso[0]);
  const [day, month, year] = worded === null ? [american?.[2], american?.[1], american?.[3]] : worded.slice(1);
  const number = months.indexOf((month ?? '').slice(0, 3).toLowerCase()) + 1;
  if (number === 0) return undefined;
  return valid(`${year}-${String(number).padStart(2, '0')}-${String(day).padStart(2, '0')}`);
}

/** Days that no calendar has are not passed on. */
function valid(day: string): string | undefined {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? undefined : day;
}
