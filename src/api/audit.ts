import type { z } from 'zod';
import { isoTime, limits } from '../core/index.ts';
import type { AuditList, auditQuery, AuditRecord } from './contract/index.ts';
import type { Desk } from './desk.ts';

export const auditKind = 'audit.change';

export interface AuditEntry {
  readonly who: string;
  readonly role: string | undefined;
  readonly by: 'session' | 'token' | 'nobody';
  /** The address that asked. */
  readonly from: string;
  readonly what: string;
  readonly about: string | undefined;
  readonly status: number;
  readonly outcome: string;
}

/** Longer is no name that we gave. */
const charactersMax = 300;

/** Writes down who changed what. Names come from outside: what would break a line, or hide one, is written as what it is. Throws `journal.*`, `disk.*`. */
export function writeAudit({ journal }: Pick<Desk, 'journal'>, entry: AuditEntry): void {
  const { role, about, ...rest } = entry;
  journal.append(auditKind, {
    ...rest,
    who: plain(entry.who),
    role: role ?? null,
    about: about === undefined ? null : plain(about),
  });
}

/**
 * What fits, newest first. So many records are looked at for one answer: whoever seeks something rare in a long journal is told how far that was, and goes
 * on from there.
 */
export function readAudit({ journal, changes }: Pick<Desk, 'journal' | 'changes'>, query: Query): AuditList {
  const { limit, cursor } = query;
  const found: AuditRecord[] = [];
  let before = cursor === undefined ? journal.last() + 1 : Number(cursor);
  for (let looked = 0; looked < limits.auditLookedMax; looked += limits.auditRecordsMax) {
    const some = journal.records({ kinds: [auditKind], before, most: limits.auditRecordsMax }).toReversed();
    for (const { sequence, atMs, data } of some) {
      const { what } = data as { readonly what: string };
      // Behind a semicolon stands what only who asks has to know.
      const words = changes.get(what)?.split(';', 1)[0] ?? null;
      const record = { ...(data as unknown as AuditRecord), words, sequence, at: isoTime(atMs) };
      before = sequence;
      if (isAskedFor(record, atMs, query)) found.push(record);
      if (found.length > limit) return { records: found.slice(0, limit), next: String(found.at(-2)?.sequence) };
    }
    const isOver = some.length < limits.auditRecordsMax || (some.at(-1)?.atMs ?? 0) < msOf(query.from, 0);
    if (isOver) return { records: found, next: null };
  }
  return { records: found, next: String(before) };
}

type Query = z.output<typeof auditQuery>;

function isAskedFor(record: AuditRecord, atMs: number, { find = '', outcome, from, to }: Query): boolean {
  const { who, what, words, about, from: address } = record;
  const text = [who, what, words, about, address, record.outcome].join('\n').toLowerCase();
  return (
    text.includes(find.trim().toLowerCase()) &&
    (outcome === undefined || (outcome === 'done') === (record.outcome === 'done')) &&
    atMs >= msOf(from, 0) &&
    atMs <= msOf(to, Infinity)
  );
}

const msOf = (moment: string | undefined, otherwise: number): number =>
  moment === undefined ? otherwise : Date.parse(moment);

/** Controls, line ends and what turns the direction of writing, shown as their numbers: a log is read on terminals. */
export const plain = (text: string): string =>
  text
    .slice(0, charactersMax)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
