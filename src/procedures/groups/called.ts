import type { CalledScenario, StepDeclaration } from '../../plan/index.ts';
import type { ActiveRun } from '../runner/active-run.ts';
import { variablesNow } from '../settings/input.ts';
import type { Passed } from '../runner/order.ts';
import { Invariants, noteUnasked } from '../promises/scenario-checks.ts';

/** Walks a called scenario while what it says must stay true is watched, beside what the caller watches. */
export async function watchCalled(
  active: ActiveRun,
  group: StepDeclaration,
  called: CalledScenario,
  walk: () => Promise<Passed>,
): Promise<Passed> {
  const place = group.in === undefined ? {} : { in: group.in };
  noteUnasked(active, called.success ?? [], `success of ${called.scenario}`, place);
  const invariants = new Invariants(active, {
    specs: called.invariants ?? [],
    what: `invariants of ${called.scenario}`,
    variables: () => variablesNow(active, { scope: called.scope, ...place }),
    ...place,
  });
  try {
    await invariants.begin();
    const passed = await walk();
    if (passed) await invariants.end();
    return passed && active.stopped === undefined;
  } finally {
    await invariants.leave();
  }
}
