import { z } from 'zod';
import type { SourceDocument } from '../document/document.ts';
import { nameOf, type Draft } from '../draft.ts';
import { columnOf, factsOf, tablesOf } from '../facts.ts';
import { readDuration } from '../words/durations.ts';
import { isMap, list, mapping, scalar, type PlanNode } from '../write/node.ts';

/** People and companies that are called, from tables, lists and the words `On-call: name@example.com`. */
export function recogniseContacts(document: SourceDocument, draft: Draft): void {
  fromTables(document, draft);
  fromLists(document, draft);
  recogniseEscalation(document, draft);
}

const isAbout = (titles: string): boolean =>
  /contact|on-?call|escalation path|call list|who to call|rotation/i.test(titles);

/** The contact of a role; made with nothing but the role where the document says no more. */
export function contactOf(draft: Draft, role: string, line: number): string {
  const name = nameOf(role);
  const known = draft.section('contacts').get(name);
  if (known !== undefined) return name;
  draft
    .section('contacts')
    .set(name, mapping({ role: scalar(name) }, line, 'who that is stands nowhere in the document'));
  return name;
}

/** The role of a contact; escalations and approvals call by it. */
export function roleOf(draft: Draft, title: string, line: number): string {
  const wanted = nameOf(title);
  for (const [name, node] of draft.section('contacts')) {
    const role = isMap(node) ? node.entries.get('role') : undefined;
    const own = role !== undefined && 'value' in role ? String(role.value) : name;
    if (own === wanted || name === wanted) {
      if (isMap(node) && role === undefined) node.entries.set('role', scalar(wanted));
      return own;
    }
  }
  contactOf(draft, title, line);
  return wanted;
}

function fromTables(document: SourceDocument, draft: Draft): void {
  for (const { table, section } of tablesOf(document)) {
    if (!isAbout(section.title) && columnOf(table, /^(contact|email|phone)/i) < 0) continue;
    const columns = {
      contact: columnOf(table, /contact|name|person|email|support|phone/i),
      phone: columnOf(table, /phone|mobile/i),
      email: columnOf(table, /e-?mail/i),
      backup: columnOf(table, /backup|secondary|alternate|deputy/i),
      account: columnOf(table, /account|organi[sz]ation id|contract|customer/i),
    };
    if (columns.contact < 1 && columns.email < 1 && columns.phone < 1) continue;
    // A row may name somebody of a row below.
    const backups: (() => void)[] = [];
    for (const { cells, line } of table.rows) {
      const title = cells[0] ?? '';
      if (title === '') continue;
      const cell = (column: number): string => (column < 1 ? '' : (cells[column] ?? ''));
      const external = columns.account > 0;
      const reached = {
        ...waysOf(cell(columns.contact), line, external),
        ...waysOf(cell(columns.email), line),
        ...phoneOf(cell(columns.phone), line),
      };
      const account = external ? outside(title, cell(columns.contact), cell(columns.account), line) : undefined;
      const name = draft.declare(
        'contacts',
        title,
        mapping({ ...(external ? {} : { role: scalar(nameOf(title), line) }), ...reached, external: account }, line),
      );
      const backup = cell(columns.backup);
      if (backup !== '' && !/^[-–—]$|^n\/?a$/i.test(backup)) backups.push(() => backedUp(draft, name, backup, line));
      draft.understood(line, `${title} is the contact ${name}`);
    }
    for (const place of backups) place();
  }
}

function backedUp(draft: Draft, name: string, backup: string, line: number): void {
  const contact = draft.section('contacts').get(name);
  const known = draft.section('contacts').has(nameOf(backup));
  const other = known
    ? nameOf(backup)
    : draft.declare(
        'contacts',
        /\[/.test(backup) ? `${name}_backup` : backup,
        mapping({ ...waysOf(backup, line) }, line),
      );
  if (isMap(contact)) contact.entries.set('backup', scalar(other, line));
}

const outside = (vendor: string, support: string, account: string, line: number): PlanNode =>
  mapping({
    vendor: scalar(vendor),
    ...(account === '' ? {} : { account: scalar(account, line) }),
    ...(/premium|contract|24.?7|business hours/i.test(support) ? { contract: scalar(support) } : {}),
    ...(/^\[?.*url/i.test(support) || /^https?:/.test(support) ? { url: scalar(support) } : {}),
  });

/** How somebody is reached, from one cell: an address, a rotation, a chat channel; else it is a name. */
function waysOf(text: string, line: number, external = false): Record<string, PlanNode> {
  if (text === '') return {};
  const email = addressIn(text);
  const phone = /\+?\d[\d ()/-]{6,}\d/.exec(text)?.[0];
  return {
    ...(email === undefined ? {} : { email: scalar(email, line) }),
    ...(phone === undefined || email !== undefined ? {} : { phone: scalar(phone, line) }),
    ...(/pagerduty|opsgenie|rotation|schedule/i.test(text) ? { page: scalar(text, line) } : {}),
    ...(/slack|teams|(^|\s)#[a-z]/i.test(text) ? { chat: scalar(text, line) } : {}),
    ...(email !== undefined ||
    phone !== undefined ||
    external ||
    /pagerduty|opsgenie|rotation|schedule|slack|#[a-z]/i.test(text)
      ? {}
      : { name: scalar(text, line) }),
  };
}

/** Only an address that the plan takes as one; half an address is kept as it stands. */
function addressIn(text: string): string | undefined {
  const found = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/.exec(text)?.[0];
  return z.email().safeParse(found).success ? found : undefined;
}

const phoneOf = (text: string, line: number): Record<string, PlanNode> =>
  text === '' ? {} : { phone: scalar(text, line) };

function fromLists(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!isAbout(section.title) && !section.around.some(isAbout)) continue;
    const facts = new Map(factsOf({ ...document, sections: [section] }).map((fact) => [fact.line, fact]));
    for (const block of section.blocks) {
      if (block.kind !== 'list' || block.ordered) continue;
      for (const item of block.items) {
        const fact = facts.get(item.line);
        const title = fact?.key ?? item.text;
        const role = title.replace(/\s+for\s+.*$/i, '');
        const duties = /\s+for\s+(.*)$/i.exec(title)?.[1];
        const external = /external|vendor|third/i.test(section.title);
        const support = /support|priority/i.test(fact?.value ?? '') && !/@/.test(fact?.value ?? '');
        const node = mapping(
          {
            role: scalar(nameOf(role), item.line),
            ...waysOf(fact?.value ?? '', item.line, external && support),
            ...(duties === undefined ? {} : { duties: list([scalar(duties)]) }),
            ...(external
              ? {
                  external: mapping({
                    vendor: scalar(role),
                    ...(support ? { contract: scalar(fact?.value ?? '', item.line) } : {}),
                  }),
                }
              : {}),
          },
          item.line,
        );
        const name = draft.declare('contacts', role, node);
        draft.understood(
          item.line,
          `${title} is the contact ${name}${fact === undefined ? ', without a way to reach it' : ''}`,
        );
      }
    }
  }
  backupOfPrimary(draft);
}

/** Where a rotation has a primary and a secondary, the one stands in for the other. */
function backupOfPrimary(draft: Draft): void {
  const primary = draft.section('contacts').get('primary');
  const hasSecondary = draft.section('contacts').has('secondary');
  if (isMap(primary) && hasSecondary && !primary.entries.has('backup'))
    primary.entries.set('backup', scalar('secondary', undefined, 'guessed: the second of the rotation'));
}

/** `1. On-Call Engineer (15 minutes)` below an escalation path. */
function recogniseEscalation(document: SourceDocument, draft: Draft): void {
  for (const section of document.sections) {
    if (!/escalation (path|chain|order|steps|ladder)|escalation$/i.test(section.title)) continue;
    const rungs: PlanNode[] = [];
    for (const block of section.blocks) {
      if (block.kind !== 'list') continue;
      for (const { text, line } of block.items) {
        const after =
          readDuration(/\(([^)]*)\)/.exec(text)?.[1] ?? '') ?? readDuration(text.split(/:|–|-/).slice(1).join(' '));
        if (after === undefined) continue;
        const role = roleOf(draft, text.replace(/\(.*$/, '').replace(/:.*$/, '').trim(), line);
        rungs.push(mapping({ role: scalar(role, line), after: scalar(after.words, line) }, line));
        draft.understood(line, `${role} is called after ${after.words}`);
      }
    }
    const [first] = rungs;
    if (first !== undefined) draft.root().set('escalate', list(rungs, section.line));
  }
}
