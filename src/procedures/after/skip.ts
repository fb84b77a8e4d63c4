import { LifeboatError } from '../../core/index.ts';
import type { Workspace } from '../../operations/index.ts';
import { readHistory, type RunHistory } from '../records/history.ts';
import { holdRun } from '../targets/hold.ts';
import type { Requester } from '../people/index.ts';
import type { RunResult } from '../run-types.ts';
import { flatSteps, showRun } from '../records/show.ts';

export interface SkipRequest {
  readonly run: string;
  readonly step: string;
  /** For those who read the run later; asked for. */
  readonly reason: string;
  readonly by: Requester;
}

/**
 * Leaves out a step of a run that stopped, because a person says so and why; executes nothing, `run resume` goes on behind it. What the
 * step would have given is not there: a later step that names it fails. Consent cannot be skipped. Throws `run.missing`, `run.held`
 * while a runner acts, `run.not_resumable`, `input.flag`.
 */
export function skipStep(workspace: Workspace, { run, step, reason, by }: SkipRequest): RunResult {
  if (reason.trim() === '') throw new LifeboatError('input.flag', 'a step is skipped with a reason: --reason');
  const held = holdRun(workspace, run);
  try {
    const history = readHistory(workspace.journal, run);
    const kind = mustBeSkippable(history, step);
    const who = by.as ?? by.user;
    const record = {
      step,
      kind,
      attempt: history.steps.get(step)?.attempts ?? 0,
      state: 'skipped',
      summary: `${who} skipped it: ${reason}`,
      reason,
      by,
      outputs: {},
      redacted: [],
    };
    workspace.journal.append('step.finished', record, { run });
    return showRun(workspace.journal, run);
  } finally {
    held.release();
  }
}

/** The kind of the step. */
function mustBeSkippable({ started, ended, steps, run }: RunHistory, id: string): string {
  const all = flatSteps(started.snapshot);
  const step = all.find((one) => one.id === id);
  if (step === undefined) {
    throw new LifeboatError('input.flag', `run ${run} has no step ${id}`, {
      hint: `It has: ${all.map((one) => one.id).join(', ')}.`,
    });
  }
  const state = steps.get(id)?.state;
  const why =
    started.mode === 'drill'
      ? `run ${run} was a drill; its bubble is gone`
      : ended?.verdict === 'done'
        ? `run ${run} is done`
        : state === 'done' || state === 'skipped'
          ? `${id} is ${state}`
          : step.kind === 'approve'
            ? `${id} is where others consent; that cannot be skipped`
            : undefined;
  if (why === undefined) return step.kind;
  throw new LifeboatError('run.not_resumable', why, { hint: `Look at it: lifeboat run show ${run}` });
}
