import { isoTime } from '../../core/index.ts';
import { shutWindowOf, type RunHistory, type RunResult } from '../../procedures/index.ts';
import type { Run } from '../contract/index.ts';

/** What each restore of a run brought back: from which point, and up to which moment. */
export function restoredOf({ steps }: RunResult): Run['restored'] {
  return steps.flatMap(({ id, state, outputs }) => {
    const { asset, point, pointAt, store, reached } = outputs;
    if (state !== 'done' || ![asset, point, pointAt, store].every((one) => typeof one === 'string')) return [];
    const time = (reached as { readonly time?: unknown } | undefined)?.time;
    return [
      {
        step: id,
        asset: String(asset),
        point: String(point),
        pointAt: String(pointAt),
        store: String(store),
        reachedAt: typeof time === 'string' ? isoTime(Date.parse(time)) : null,
      },
    ];
  });
}

/** The window that a step waits for now, and when it opens. */
export function windowOf(history: RunHistory): Run['waitsForWindow'] {
  const shut = shutWindowOf(history);
  return shut === undefined ? null : { step: shut.step, window: shut.window, opensAt: isoTime(shut.opensMs) };
}
