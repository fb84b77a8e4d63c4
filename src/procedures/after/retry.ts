import { LifeboatError } from '../../core/index.ts';
import { isGroup } from '../groups/is-group.ts';
import type { RunHistory } from '../records/history.ts';
import { flatSteps } from '../records/show.ts';

/**
 * The step that is done again: the one that is named, or the only one that stands in the way. Throws `input.flag` where none or several do,
 * `run.not_resumable` for one that people are asked about, or that is done.
 */
export function stepToRetry(history: RunHistory, named: string | undefined): string {
  const { started, steps, run } = history;
  const all = flatSteps(started.snapshot).filter((step) => !isGroup(step));
  const failed = all.flatMap(({ id }) => (inTheWay(history, id) ? [id] : []));
  if (named === undefined) {
    const [only, second] = failed;
    if (only !== undefined && second === undefined) return only;
    throw new LifeboatError('input.flag', `${failed.length} steps of run ${run} can be tried again`, {
      hint: failed.length === 0 ? `Look at it: lifeboat run show ${run}` : `Name one: ${failed.join(', ')}.`,
    });
  }
  if (failed.includes(named)) return named;
  if (!all.some(({ id }) => id === named)) {
    throw new LifeboatError('input.flag', `run ${run} has no step ${named}`, {
      hint: `It has: ${all.map(({ id }) => id).join(', ')}.`,
    });
  }
  throw new LifeboatError('run.not_resumable', `${named} is ${steps.get(named)?.state ?? 'pending'}`, {
    hint: `Look at it: lifeboat run show ${run}`,
  });
}

/** It failed, was stopped, or nobody knows; what asks for people's word waits for that. */
function inTheWay({ steps }: RunHistory, id: string): boolean {
  const known = steps.get(id);
  if (known === undefined) return false;
  if (known.state === 'needs-human') return known.asked === undefined;
  return known.state === 'failed' || known.state === 'cancelled' || known.state === 'retry';
}
