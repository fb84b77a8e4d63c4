import { loadWorkspacePlan, type RingRequest } from '../../../app/index.ts';
import { LifeboatError, redact, systemClock, type Clock } from '../../../core/index.ts';
import type { Plan } from '../../../plan/index.ts';
import type { CommandContext } from '../../command.ts';

/** What commands about keys open: every store of the plan. */
export const ringRequest = async (context: CommandContext): Promise<RingRequest> =>
  ringRequestOf(context, await loadWorkspacePlan(context.planFile), systemClock);

export const ringRequestOf = ({ unlock, wrapStore }: CommandContext, plan: Plan, clock: Clock): RingRequest => ({
  plan,
  clock,
  unlock,
  wrapStore,
});

/** Stores that were left out or fell behind: said, and the command ends with the first one's error. */
export function failuresOf(
  context: CommandContext,
  failed: readonly { readonly store: string; readonly error?: LifeboatError }[],
): { failures: Record<string, unknown>[]; error?: LifeboatError } {
  const failures = failed.flatMap(({ store, error }) => (error === undefined ? [] : [{ store, error }]));
  for (const { store, error } of failures) {
    context.output.line(`${context.output.mark(false)} ${store} is behind: ${redact(error.message)}`);
  }
  const first = failures[0]?.error;
  return {
    failures: failures.map(({ store, error }) => ({ store, ...error.toJSON() })),
    ...(first === undefined ? {} : { error: first }),
  };
}
