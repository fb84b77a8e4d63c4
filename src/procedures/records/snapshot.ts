import { LifeboatError } from '../../core/index.ts';
import { contentHash, type Plan, type Scenario } from '../../plan/index.ts';
import { expandCalls } from '../groups/expand.ts';
import type { RunHistory } from './history.ts';
import { revived } from './show.ts';

/** The procedure that a run took with it when it began: later changes of the plan do not matter. Throws `run.not_resumable`. */
export function procedureOf({ started, run }: RunHistory, plan: Plan): Scenario {
  if (contentHash(started.snapshot) === started.snapshotHash) return revived(started.snapshot);
  // A text of the plan happened to equal a secret, and the journal took it out: only the same plan can stand in for it.
  const current = plan.scenarios.get(started.scenario);
  if (current?.hash === started.scenarioHash) return expandCalls(current, plan);
  throw new LifeboatError('run.not_resumable', `the procedure of run ${run} cannot be read back from the journal`, {
    hint: 'Start the procedure again.',
  });
}
