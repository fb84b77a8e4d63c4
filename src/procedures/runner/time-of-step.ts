import { limits } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { StepKind } from '../step.ts';

/** The step's own timeout, else a general one that leaves room for its budget and for what its settings ask for. */
export function timeoutOf(step: StepDeclaration, kind: StepKind, settings: unknown): number {
  const asked = kind.longestMs?.(settings) ?? 0;
  const general = Math.max(limits.stepTimeoutMs, 2 * (step.budgetMs ?? 0), asked + limits.stepStopMs);
  return Math.min(step.timeoutMs ?? general, limits.timerMsMax);
}
