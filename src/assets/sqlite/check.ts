import type { CheckResult } from '../../checks/index.ts';
import { LifeboatError, messageOf, type Clock } from '../../core/index.ts';
import { asked } from './asking.ts';
import type { Question } from './pragmas.ts';
import { libraryRisk } from './library.ts';

/**
 * What SQLite says of a database: `integrity_check` (which, other than `quick_check`, compares every index with its table) and
 * `foreign_key_check`, each in a thread. What cannot be asked is red. Throws `operation.cancelled` alone.
 */
export async function checkDatabase(file: string, clock: Clock, signal?: AbortSignal): Promise<CheckResult[]> {
  const whole = { file, ask: 'integrity_check' } as const;
  const references = { file, ask: 'foreign_key_check' } as const;
  return [
    await observed('the database and its indexes are whole', whole, clock, signal),
    await observed('every reference has its row', references, clock, signal),
  ];
}

/**
 * Cheaper, for a copy that was just made: everything but whether indexes agree with their tables.
 * Throws `asset.corrupt`, `operation.cancelled`.
 */
export async function mustBeSound(copy: string, original: string, signal?: AbortSignal): Promise<void> {
  const { findings, count } = await asked({ file: copy, ask: 'quick_check' }, signal);
  if (count === 0) return;
  throw new LifeboatError('asset.corrupt', `${original} is damaged: ${findings.slice(0, 3).join('; ')}`, {
    where: original,
    hint: 'Keep the older points; repair it with .recover of the sqlite3 program, or restore.',
  });
}

async function observed(
  name: string,
  question: Question,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<CheckResult> {
  const startedMs = clock.elapsed();
  const result = { name, expected: 'no finding' };
  try {
    const { findings, count, journalMode } = await asked(question, signal);
    const seen = count === 0 ? 'no finding' : `${count} findings: ${findings.slice(0, 3).join('; ')}`;
    const remark = question.ask === 'integrity_check' ? libraryRisk(journalMode) : [];
    return {
      ...result,
      ok: count === 0,
      observed: [seen, ...remark].join('; '),
      durationMs: clock.elapsed() - startedMs,
    };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return { ...result, ok: false, observed: messageOf(error), durationMs: clock.elapsed() - startedMs };
  }
}
