import { pitrStart } from '../../plan/index.ts';
import type { Workspace } from '../contract.ts';
import { rulesOf } from './retention.ts';

/**
 * From when on any moment of an asset can be restored by its policy, milliseconds since 1970; `undefined`: no window is stated. The same as for points: from the
 * newest one before it the log must lead on.
 */
export function logWindowStart({ plan, clock }: Workspace, name: string): number | undefined {
  const rules = rulesOf(plan)(name);
  const now = { timezone: plan.timezone, nowMs: clock.now() };
  return rules === undefined || rules === 'unknown' ? undefined : pitrStart(rules, now);
}
