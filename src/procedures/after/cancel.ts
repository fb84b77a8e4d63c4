import { isLifeboatError, LifeboatError, limits, messageOf, type Clock } from '../../core/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Workspace } from '../../operations/index.ts';
import { readHistory } from '../records/history.ts';
import { holdRun, type Held } from '../targets/hold.ts';
import type { Requester } from '../people/index.ts';

export interface CancelRequest {
  readonly run: string;
  readonly reason?: string;
  readonly by: Requester;
}

/**
 * Ends a run. Where a runner acts on it, it is asked to stop, and does within seconds: its running steps end what they started. `asked` then, else
 * `cancelled`. What was done stays done. Throws `run.missing`, `run.not_resumable` for a run that has ended well.
 */
export function cancelRun(workspace: Workspace, { run, reason, by }: CancelRequest): 'cancelled' | 'asked' {
  const { journal } = workspace;
  const { ended, started } = readHistory(journal, run);
  if (ended?.verdict === 'done' || ended?.verdict === 'cancelled') {
    throw new LifeboatError('run.not_resumable', `run ${run} is ${ended.verdict}`, {
      hint: `Look at it: lifeboat run show ${run}`,
    });
  }
  const held = holdUnlessActed(workspace, run);
  if (held === undefined) {
    journal.append('run.cancel_asked', { by, reason: reason ?? null }, { run });
    return 'asked';
  }
  try {
    // First what makes room for another rollback: killed between the two, this one is cancelled again.
    if (started.undoes !== undefined)
      journal.append('run.rollback', { run, verdict: 'cancelled' }, { run: started.undoes.run });
    journal.append('run.finished', { verdict: 'cancelled', error: null, by, reason: reason ?? null }, { run });
    return 'cancelled';
  } finally {
    held.release();
  }
}

function holdUnlessActed(workspace: Workspace, run: string): Held | undefined {
  try {
    return holdRun(workspace, run);
  } catch (error) {
    if (isLifeboatError(error, 'run.held')) return undefined; // then its runner is asked
    throw error;
  }
}

/**
 * Calls `pause` once when the run is asked to begin nothing new, and gives a signal that fires when the run is asked to stop from elsewhere, or when `outer` fires. `since` is the record this runner began with: what was
 * asked of an earlier one does not count. Call `end` when the run is over.
 */
export function watchForCancel(
  { journal, clock }: { readonly journal: Journal; readonly clock: Clock },
  run: string,
  since: number,
  outer: AbortSignal | undefined,
  pause: () => void,
): { readonly signal: AbortSignal; end(): Promise<void> } {
  const stop = new AbortController();
  const over = new AbortController();
  const watching = watch().catch((error: unknown) => {
    // A journal that cannot be read cannot be written either: the run must not go on acting without its records.
    if (!over.signal.aborted) stop.abort(new LifeboatError('operation.cancelled', messageOf(error), { cause: error }));
  });
  return {
    signal: outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal]),
    end: () => {
      over.abort();
      return watching;
    },
  };

  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      await clock.sleep(limits.cancelLookMs, over.signal);
      const asked = journal.records({ run, kinds: ['run.cancel_asked', 'run.pause_asked'], after: since });
      if (asked.some(({ kind }) => kind === 'run.pause_asked')) pause();
      if (asked.some(({ kind }) => kind === 'run.cancel_asked')) {
        stop.abort(new LifeboatError('operation.cancelled', `run ${run} was cancelled`));
      }
    }
  }
}
