import { LifeboatError } from '../../core/index.ts';
import { contentHash } from '../../plan/index.ts';
import { readHistory, type RunHistory } from '../records/history.ts';
import { holdRun } from '../targets/hold.ts';
import type { Requester } from '../people/index.ts';
import type { EngineOfRun, RunnerTools, RunResult } from '../run-types.ts';
import { runProcedure } from '../runner/runner.ts';
import type { Environment } from '../step.ts';
import { procedureOf } from '../records/snapshot.ts';
import { mustNotBeTakenBack } from '../records/taken-back.ts';
import { rollbackOf, type Rollback } from './rollback-of.ts';

export interface RollbackRequest {
  readonly run: string;
  readonly environment: Environment;
  readonly tools: RunnerTools;
  /** The id of the run that takes back; made by the caller when the environment's folder is named after it. */
  readonly as?: string;
  readonly by?: Requester;
  /** A person has made sure that nobody else acts there, where a store cannot tell. */
  readonly alone?: boolean;
  /** Names of destructive steps of the way back that a person typed: they may act. */
  readonly confirm?: readonly string[];
  /** What keeps it going, where that is not this process alone. */
  readonly engine?: EngineOfRun;
  readonly signal?: AbortSignal;
}

/** What a rollback of this run would do. Throws `run.missing`, `run.not_resumable`. */
export function planRollback(tools: RunnerTools, run: string): Rollback {
  const history = readHistory(tools.workspace.journal, run);
  mustBeTakenBack(history);
  const rollback = rollbackOf(
    history,
    procedureOf(history, tools.workspace.plan),
    tools.stepKinds,
    tools.elsewhere?.site,
  );
  const isFinal = [...history.steps.values()].some(({ kind, state }) => kind === 'commit' && state === 'done');
  if (isFinal && rollback.scenario.steps.length === 0) {
    throw new LifeboatError('run.not_resumable', `run ${run} was committed: what it did stays`, {
      hint: 'The way back from here is a procedure of its own, a failback for example.',
    });
  }
  return rollback;
}

/**
 * Takes back what a run did, the last step first, each undo proved by its checks or shown to a person. It is a run of its own, by the same
 * runner: it is shown, answered, cancelled and gone on with as any other. The run that is taken back cannot be gone on with any more.
 * Throws `run.missing`, `run.held` while a runner acts on it, `run.not_resumable`.
 */
export async function rollbackRun(request: RollbackRequest): Promise<RunResult> {
  const { tools, run, environment, as, by, alone = false, confirm = [], engine, signal } = request;
  const held = holdRun(tools.workspace, run);
  try {
    const { scenario, leaves } = planRollback(tools, run);
    const { started } = readHistory(tools.workspace.journal, run);
    if (started.environment.name !== environment.name) {
      refuse(`run ${run} acted on ${started.environment.name}, not on ${environment.name}`, run);
    }
    return await runProcedure({
      scenario: { ...scenario, hash: contentHash({ scenario: started.scenarioHash, steps: scenario.steps }) },
      environment,
      mode: 'real',
      tools,
      incident: started.incident,
      undoes: { run, leaves },
      alone,
      confirm,
      ...(as === undefined ? {} : { run: as }),
      ...(by === undefined ? {} : { by }),
      ...(engine === undefined ? {} : { engine }),
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    held.release();
  }
}

function mustBeTakenBack(history: RunHistory): void {
  const { started, run, steps } = history;
  if (started.mode === 'drill') refuse(`run ${run} was a drill; its bubble is gone`, run);
  if (started.undoes !== undefined)
    refuse(`run ${run} took run ${started.undoes.run} back; there is no way back from that`, run);
  mustNotBeTakenBack(history, undefined);
  if ([...steps.values()].every(({ attempts }) => attempts === 0)) refuse(`run ${run} has done nothing`, run);
}

function refuse(message: string, run: string): never {
  throw new LifeboatError('run.not_resumable', message, { hint: `Look at it: lifeboat run show ${run}` });
}
