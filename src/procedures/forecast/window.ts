import type { RunHistory } from '../records/history.ts';

/** The window that a step waits for now, and when it opens, milliseconds since 1970. */
export function shutWindowOf({
  records,
  ended,
}: Pick<RunHistory, 'records' | 'ended'>): { step: string; window: string; opensMs: number } | undefined {
  if (ended !== undefined) return undefined;
  const last = records.findLast(({ kind }) => kind === 'run.window' || kind === 'run.resumed');
  if (last === undefined || last.kind === 'run.resumed') return undefined;
  const { step, window, fromMs } = last.data as {
    readonly step: string;
    readonly window: string;
    readonly fromMs: number;
  };
  const isOver = records.some(
    ({ kind, sequence, data }) =>
      sequence > last.sequence && /^step\.(started|finished)$/.test(kind) && data['step'] === step,
  );
  return isOver ? undefined : { step, window, opensMs: fromMs };
}
