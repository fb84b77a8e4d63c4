import type { Run, Step } from '../../../../api/contract/index.ts';

/** How long what is left takes along the longest way, and how many of its steps nobody has planned a time for. */
export function forecastOf(
  { steps, criticalPath }: Pick<Run, 'steps' | 'criticalPath'>,
  nowMs: number,
): { leftSeconds: number; unplanned: number } {
  const groups = new Set(steps.map(({ within }) => within));
  const left = steps.filter(
    ({ id, state }) =>
      criticalPath.includes(id) && !groups.has(id) && !['done', 'skipped', 'cancelled'].includes(state),
  );
  return {
    leftSeconds: left.reduce((sum, step) => sum + leftOf(step, nowMs), 0),
    unplanned: left.filter(({ plannedSeconds }) => plannedSeconds === null).length,
  };
}

/** A step that takes longer than planned is expected to be over any moment: nobody knows better. */
function leftOf({ state, startedAt, plannedSeconds }: Step, nowMs: number): number {
  if (plannedSeconds === null) return 0;
  const has = state === 'pending' || startedAt === null ? 0 : (nowMs - Date.parse(startedAt)) / 1000;
  return Math.max(0, plannedSeconds - has);
}
