import type { DatabaseSync } from 'node:sqlite';
import type { JournalRecord } from './journal.ts';
import type { JournalRow } from './chain.ts';

/** Records of other chains, brought back from stores. The same record may stand in several chains: it is kept once. */
export const rememberedSchema = `
  create table if not exists remembered (
    number integer primary key,
    chain text not null,
    sequence integer not null,
    at_ms integer not null,
    host text not null,
    kind text not null,
    run text,
    data text not null,
    hash text not null unique
  ) strict;
  create index if not exists remembered_by_sequence on remembered (chain, sequence);
`;

/** Returns how many were new. */
export function rememberRows(database: DatabaseSync, chain: string, rows: readonly JournalRow[]): number {
  // The number is a part of what is hashed: an equal record stands at the same one, and is found there without a look at all others.
  const known = database.prepare('select 1 from records where sequence = ? and hash = ?');
  const insert = database.prepare(
    'insert or ignore into remembered (chain, sequence, at_ms, host, kind, run, data, hash) values (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  let added = 0;
  for (const row of rows) {
    if (known.get(row.sequence, row.hash) !== undefined) continue;
    const { sequence, at_ms, host, kind, run, data, hash } = row;
    added += Number(insert.run(chain, sequence, at_ms, host, kind, run, data, hash).changes);
  }
  return added;
}

export interface RememberedRow extends JournalRow {
  readonly number: number;
  readonly chain: string;
}

/**
 * As records of ours: their sequences are numbers below zero, so that they never meet our own, and what they say of each other (`intent`)
 * says so still.
 */
export function asRecords(
  rows: readonly RememberedRow[],
  numberOf: (chain: string, sequence: number) => number,
): JournalRecord[] {
  return rows.map(({ number, chain, at_ms, kind, run, data, hash }) => {
    const value = JSON.parse(data) as Record<string, unknown>;
    const { intent } = value;
    const told = typeof intent === 'number' ? { ...value, intent: numberOf(chain, intent) } : value;
    return { sequence: -number, atMs: at_ms, kind, run: run ?? undefined, data: told, hash };
  });
}

/** By time, each list in its own order: a clock that jumped does not reorder a chain. */
export function merged(remembered: readonly JournalRecord[], own: readonly JournalRecord[]): JournalRecord[] {
  if (remembered.length === 0) return [...own];
  const result: JournalRecord[] = [];
  let at = 0;
  for (const record of own) {
    for (let next = remembered[at]; next !== undefined && next.atMs <= record.atMs; next = remembered[at]) {
      result.push(next);
      at += 1;
    }
    result.push(record);
  }
  return [...result, ...remembered.slice(at)];
}
