import { isLifeboatError, LifeboatError } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import { readHistory } from '../records/history.ts';
import { holdRun } from '../targets/hold.ts';
import type { Requester } from '../people/index.ts';

export interface PauseRequest {
  readonly run: string;
  readonly reason?: string;
  readonly by: Requester;
}

/**
 * Asks the runner of a run to begin nothing new: what runs ends by itself, and `run resume` goes on. Throws `run.missing`, `run.not_resumable` where
 * no runner acts on it on this machine.
 */
export function pauseRun(workspace: Workspace, { run, reason, by }: PauseRequest): void {
  const { ended } = readHistory(workspace.journal, run);
  if (ended !== undefined || !isActedOn(workspace, run)) {
    throw new LifeboatError(
      'run.not_resumable',
      `nobody acts on run ${run}: it is ${ended?.verdict ?? 'interrupted'}`,
      {
        hint: `Look at it: lifeboat run show ${run}`,
      },
    );
  }
  workspace.journal.append('run.pause_asked', { by, reason: reason ?? null }, { run });
}

function isActedOn(workspace: Workspace, run: string): boolean {
  try {
    holdRun(workspace, run).release();
    return false;
  } catch (error) {
    if (isLifeboatError(error, 'run.held')) return true;
    throw error;
  }
}
