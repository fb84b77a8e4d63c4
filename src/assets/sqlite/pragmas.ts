import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { journalModeOf, reading } from './database.ts';

export interface Question {
  readonly file: string;
  readonly ask: 'quick_check' | 'integrity_check' | 'foreign_key_check';
}

export interface Findings {
  /** The first ones as sentences, and how many there are. */
  readonly findings: readonly string[];
  readonly count: number;
  readonly journalMode: string;
}

/** A damaged database has millions of findings; people read a few. */
const findingsKept = 10;

/** Asks SQLite in the thread that calls. Throws what `reading` throws. */
export const askNow = ({ file, ask: pragma }: Question): Promise<Findings> =>
  reading(file, ({ database }) => found(database, pragma));

function found(database: DatabaseSync, ask: Question['ask']): Findings {
  const findings: string[] = [];
  let count = 0;
  for (const row of database.prepare(`pragma ${ask}`).iterate()) {
    const sentence = sentenceOf(row, ask);
    if (sentence === 'ok') continue;
    count += 1;
    if (findings.length < findingsKept) findings.push(sentence);
  }
  return { findings, count, journalMode: journalModeOf(database) };
}

function sentenceOf(row: Record<string, SQLOutputValue>, ask: Question['ask']): string {
  if (ask !== 'foreign_key_check') return String(Object.values(row)[0]);
  return `${row['table']} row ${row['rowid']} names no row of ${row['parent']}`;
}
