import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import { holderOf, holdLock } from '../../journal/index.ts';
import type { Workspace } from '../../operations/index.ts';
import type { RunHistory } from '../records/history.ts';

export interface Held {
  release(): void;
}

/** One runner a run. The lock goes with its process, however that ends. Throws `run.held`. */
export function holdRun(workspace: Workspace, run: string): Held {
  return hold(workspace, `run-${run}`, `run ${run}`);
}

/** One worker a step that is done for a run of another site. Throws `run.held`. */
export function holdStep(workspace: Workspace, key: string): Held {
  return hold(workspace, `step-${shortHash(key)}`, `the step ${key}`);
}

/**
 * Whether a runner acts on a run that has not ended; undefined where nobody can tell, because it acts on another machine. A runner that died leaves
 * no record, but its lock is gone with it.
 */
export function hasRunner(
  workspace: Workspace,
  { run, records }: Pick<RunHistory, 'run' | 'records'>,
): boolean | undefined {
  const begun = records.findLast(({ kind }) => kind === 'run.started' || kind === 'run.resumed');
  if (begun?.data['host'] !== workspace.host) return undefined;
  try {
    holdRun(workspace, run).release();
    return false;
  } catch (error) {
    if (isLifeboatError(error, 'run.held')) return true;
    throw error;
  }
}

/** One real run in an environment at a time, on this machine; `lease/` asks the stores about others. Throws `run.held`. */
export function holdTarget(workspace: Workspace, environment: string, run: string): Held {
  return hold(workspace, `target-${shortHash(environment)}`, `the environment ${environment}`, `run ${run}`);
}

/** `by`: how others are told who holds it. */
function hold({ stateFolder }: Workspace, name: string, what: string, by = what): Held {
  const file = join(stateFolder, 'locks', name);
  try {
    return holdLock(file, by);
  } catch (error) {
    if (!isLifeboatError(error, 'operation.busy')) throw error;
    throw new LifeboatError('run.held', `another runner acts on ${what}: ${holderOf(file)}`, {
      hint: 'Watch it: lifeboat run show RUN --follow. It can be stopped: lifeboat run cancel RUN.',
      cause: error,
    });
  }
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);
