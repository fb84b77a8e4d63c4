import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Undoes } from '../run-types.ts';
import { readHistory, type RunHistory } from './history.ts';

/**
 * Asked again when a runner holds its target, for what it saw before may be over by then: a run that another one takes back, or has taken back, is
 * neither gone on with nor taken back once more. A rollback that was cancelled counts for nothing. Throws `run.not_resumable`.
 */
export function mustStillBeOpen(journal: Journal, run: string, undoes: Undoes | undefined, isBegun: boolean): void {
  if (isBegun) mustNotBeTakenBack(readHistory(journal, run), undefined);
  if (undoes !== undefined) mustNotBeTakenBack(readHistory(journal, undoes.run), run);
}

/** `by`: the run that takes it back itself, where that is asked. */
export function mustNotBeTakenBack({ run, rollback }: RunHistory, by: string | undefined): void {
  if (rollback === undefined || rollback.verdict === 'cancelled' || rollback.run === by) return;
  throw new LifeboatError('run.not_resumable', `run ${run} is taken back by run ${rollback.run}`, {
    hint: `Look at it: lifeboat run show ${rollback.run}`,
  });
}
