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

/** Controls, line ends and what turns the direction of writing, shown as their numbers: a log is read on terminals. */
export const plain = (text: string): string =>
  text
    .slice(0, charactersMax)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
