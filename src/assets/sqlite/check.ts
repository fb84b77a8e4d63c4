import type { DatabaseSync } from 'node:sqlite';
import type { CheckResult } from '../../checks/index.ts';
import { LifeboatError, messageOf, type Clock } from '../../core/index.ts';
import { reading } from './database.ts';
import { libraryRisk } from './library.ts';

/**
 * What SQLite says of a database: `integrity_check` (which, other than `quick_check`, compares every index with its table) and
 * `foreign_key_check`. What cannot be asked is red.
 */
export async function checkDatabase(file: string, clock: Clock): Promise<CheckResult[]> {
  return [
    await observed('the database and its indexes are whole', file, clock, (database) => {
      const findings = column(database, 'pragma integrity_check').filter((said) => said !== 'ok');
      return { findings, remark: libraryRisk(journalModeOf(database)) };
    }),
    await observed('every reference has its row', file, clock, (database) => {
      const rows = database.prepare('pragma foreign_key_check').all();
      const findings = rows.map(({ table, rowid, parent }) => `${table} row ${rowid} names no row of ${parent}`);
      return { findings, remark: [] };
    }),
  ];
}

/** Cheaper, for a copy that was just made: everything but whether indexes agree with their tables. Throws `asset.corrupt`. */
export async function mustBeSound(copy: string, original: string): Promise<void> {
  const findings = await reading(copy, ({ database }) => column(database, 'pragma quick_check(3)'));
  if (findings.length === 1 && findings[0] === 'ok') return;
  throw new LifeboatError('asset.corrupt', `${original} is damaged: ${findings.join('; ')}`, {
    where: original,
    hint: 'Keep the older points; repair it with .recover of the sqlite3 program, or restore.',
  });
}

export const journalModeOf = (database: DatabaseSync): string =>
  String(column(database, 'pragma journal_mode')[0] ?? 'unknown');

async function observed(
  name: string,
  file: string,
  clock: Clock,
  look: (database: DatabaseSync) => { findings: string[]; remark: string[] },
): Promise<CheckResult> {
  const startedMs = clock.elapsed();
  const result = { name, expected: 'no finding' };
  try {
    const { findings, remark } = await reading(file, ({ database }) => look(database));
    const seen =
      findings.length === 0 ? 'no finding' : `${findings.length} findings: ${findings.slice(0, 3).join('; ')}`;
    const ok = findings.length === 0;
    return { ...result, ok, observed: [seen, ...remark].join('; '), durationMs: clock.elapsed() - startedMs };
  } catch (error) {
    return { ...result, ok: false, observed: messageOf(error), durationMs: clock.elapsed() - startedMs };
  }
}

const column = (database: DatabaseSync, pragma: string): string[] =>
  database
    .prepare(pragma)
    .all()
    .map((row) => String(Object.values(row)[0]));
