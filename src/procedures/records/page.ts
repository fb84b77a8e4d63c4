import { LifeboatError } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { RunResult } from '../run-types.ts';
import { showRun } from './show.ts';

export interface RunPage {
  /** Newest first. */
  readonly runs: readonly RunResult[];
  /** All that there are. */
  readonly total: number;
  /** The last of these, behind which the next page begins; undefined: that was all. */
  readonly next: string | undefined;
}

/**
 * Some runs of this journal, newest first: those behind the run `after`. Of the others only the beginning is read, whatever years have brought
 * together. Throws `input.flag` when there is no run `after`.
 */
export function pageOfRuns(
  journal: Journal,
  { limit, after }: { readonly limit: number; readonly after?: string | undefined },
): RunPage {
  const began = new Map<string, number>();
  for (const { run, atMs } of journal.records({ kinds: ['run.started'] }))
    if (run !== undefined && !began.has(run)) began.set(run, atMs);
  const all = [...began].toSorted(([, one], [, other]) => other - one).map(([run]) => run);
  const from = after === undefined ? 0 : all.indexOf(after) + 1;
  if (after !== undefined && from === 0)
    throw new LifeboatError('input.flag', `there is no run ${after}`, { hint: 'List them: lifeboat runs' });
  const page = all.slice(from, from + limit);
  return {
    runs: page.map((run) => showRun(journal, run)),
    total: all.length,
    next: from + limit < all.length ? page.at(-1) : undefined,
  };
}
