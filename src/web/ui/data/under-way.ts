import type { Run, RunSummary } from '../../../api/contract/index.ts';

type Verdict = Run['verdict'];

/** Whether something may still happen to it. */
export const isOpen = (verdict: Verdict): boolean => ['unfinished', 'needs-human', 'paused'].includes(verdict);

/**
 * What everybody has to see, the most urgent first: what is recovered for real, the last recovery if it failed, and what is rehearsed. A recovery that
 * failed brought nothing back: it stands there until people go on with it, cancel it or begin another. Both newest first.
 */
export function underWay(real: readonly RunSummary[], newest: readonly RunSummary[]): readonly RunSummary[] {
  const drills = newest.filter(({ mode }) => mode === 'drill');
  return [
    ...real.filter(({ verdict }) => isOpen(verdict)),
    ...real.slice(0, 1).filter(({ verdict }) => verdict === 'failed'),
    ...drills.filter(({ verdict }) => isOpen(verdict)),
  ];
}

/** What the time of a run is called. Only what came to its end has a recovery time. */
export function timeWords(verdict: Verdict): string {
  if (isOpen(verdict)) return 'Since the impact';
  return verdict === 'done' ? 'RTO' : `Until it ${verdict === 'failed' ? 'failed' : 'was cancelled'}`;
}
