import { judgePlan, takeStatus } from '../../app/index.ts';
import { LifeboatError, limits, systemClock } from '../../core/index.ts';
import { statusJson, type Status } from '../../reports/index.ts';
import type { Command, CommandResult } from '../command.ts';
import { showStatus } from '../show/show-status.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'How ready we are now. Of each scenario how far it is proven and how long ago (declared, checked, protected, verified, restored, rehearsed; a level falls when the plan, the asset or this program changed since), of each asset what would be lost if its source were gone now, against the strictest target, of each copy how far it is behind, of each drill when it last ran and comes next, of each key when it was last tried. What was never done says never. The sources are asked, read only; one that does not answer leaves an upper bound. The exit code is 1 if something that the plan promises is not so, and 4 if a store did not answer.',
  options: [{ flags: '--timeout <DURATION>', summary: 'how long one source or log may take to answer; default: 10s' }],
  examples: ['lifeboat status', 'lifeboat status --json | jq .problems', 'lifeboat status --timeout 2s'],
  run: async (context, input) => {
    const { findings } = await judgePlan(context.planFile, systemClock);
    const timeoutMs = input.durationMs('timeout') ?? limits.liveAnswerMs;
    return withWorkspace(context, async (workspace) => {
      const status = await takeStatus(workspace, { findings, timeoutMs, signal: context.signal });
      showStatus(status, context.output);
      return resultOf(status);
    });
  },
};

function resultOf(status: Status): CommandResult {
  const json = statusJson(status);
  const [first, ...others] = status.problems;
  if (first === undefined) {
    const [silent] = status.unanswered;
    return silent === undefined ? { json } : { json, error: silent.error };
  }
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return {
    json,
    error: new LifeboatError('status.unmet', `${first.about}: ${first.words}${more}`, {
      where: first.about,
      hint: first.hint,
    }),
  };
}
