import { toLifeboatError } from '../../core/index.ts';
import type { StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { guardOf } from '../promises/beside-checks.ts';
import type { Finish } from '../records/step-records.ts';
import { confirmation } from './confirm.ts';
import { windowFor } from './window.ts';

export { confirmation, mustBeDestructive } from './confirm.ts';
export { mustOpen, openIn, windowFor, windowOf } from './window.ts';

/** What stands in the way of a group: its window, the word of a person, its guard. Nothing when it may begin. */
export async function mayBegin(active: ActiveRun, group: StepDeclaration, title: string): Promise<Finish | undefined> {
  try {
    return (
      (await windowFor(active, group)) ?? (await confirmation(active, group, title)) ?? (await guardOf(active, group))
    );
  } catch (error) {
    const { code, message, hint } = toLifeboatError(error);
    return { state: 'failed', summary: message, code, ...(hint === undefined ? {} : { hint }) };
  }
}
