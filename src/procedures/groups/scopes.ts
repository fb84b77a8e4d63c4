import { evaluateDeep, type CalledScenario, type StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { variablesNow } from '../settings/input.ts';

/** What `parameters` and `steps` mean to the steps of a called scenario, by the facts of the caller as they are now. */
export function openScope(
  active: ActiveRun,
  group: StepDeclaration,
  { scope, scenario, defaults, with: given }: CalledScenario,
): void {
  const values = evaluateDeep(given, variablesNow(active, group)) as Record<string, unknown>;
  active.scopes.set(scope, { scenario, parameters: { ...defaults, ...values } });
}
