import { isoTime } from '../../core/index.ts';
import type { RunHistory, RunResult } from '../../procedures/index.ts';
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
export function windowOf({ records, ended }: RunHistory): Run['waitsForWindow'] {
  if (ended !== undefined) return null;
  const last = records.findLast(({ kind }) => kind === 'run.window' || kind === 'run.resumed');
  if (last === undefined || last.kind === 'run.resumed') return null;
  const { step, window, fromMs } = last.data as {
    readonly step: string;
    readonly window: string;
    readonly fromMs: number;
  };
  const isOver = records.some(
    ({ kind, sequence, data }) =>
      sequence > last.sequence && /^step\.(started|finished)$/.test(kind) && data['step'] === step,
  );
  return isOver ? null : { step, window, opensAt: isoTime(fromMs) };
}
