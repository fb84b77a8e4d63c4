import { toLifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';

/**
 * Writes down what was brought back. It is there and checked by then: that a full disk keeps it out of the journal is a warning, for people who
 * read that it failed would do it all again.
 */
export function recordDone(
  journal: Pick<Journal, 'append'>,
  kind: 'restore.finished' | 'tables.finished',
  data: Record<string, unknown>,
  warn: (sentence: string) => void,
): void {
  try {
    journal.append(kind, data);
  } catch (error) {
    warn(
      `it is done, and could not be written down, so that it proves nothing later: ${toLifeboatError(error).message}`,
    );
  }
}

/**
 * Written before the target is handed over, so that whoever finds that this process was killed knows what stands there: `restore.interrupted` instead of
 * `restore.failed`. Where it cannot be written the restore goes on, as above.
 */
export function noteChecked(
  journal: Pick<Journal, 'append'>,
  data: { readonly intent: number; readonly asset: string; readonly point: string; readonly target: string },
): void {
  try {
    journal.append('restore.checked', data);
  } catch {
    // Its end, which says more, is tried behind the hand-over, and warns.
  }
}
