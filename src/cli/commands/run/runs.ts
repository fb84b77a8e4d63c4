import { formatDuration, isoTime, limits } from '../../../core/index.ts';
import { pageOfRuns, type RunResult } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { runJson } from '../../show/show-run.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description: `Lists the runs of this machine’s journal, newest first: what ran, where, how it ended and how long it took. Shows ${limits.runsListed} of them unless told; \`next\` of the answer is where the next page begins.`,
  options: [
    { flags: '--limit <NUMBER>', summary: `so many at most (${limits.runsListed})` },
    { flags: '--after <RUN>', summary: 'those behind this one: older ones' },
    { flags: '--summary', summary: 'with --json: without their steps' },
  ],
  examples: [
    'lifeboat runs',
    'lifeboat runs --json | jq -r .runs[0].run',
    'lifeboat runs --json --summary --limit 1000',
  ],
  run: async (context, input) =>
    withWorkspace(context, async ({ journal }) => {
      const limit = input.number('limit', 1, limits.runsListedMax) ?? limits.runsListed;
      const { runs, total, next } = pageOfRuns(journal, { limit, after: input.text('after') });
      if (total === 0) context.output.line('Nothing has run yet.');
      else
        context.output.table(
          ['run', 'mode', 'scenario', 'environment', 'started', 'verdict', '>took'],
          runs.map(({ run, mode, scenario, environment, startedMs, verdict, seconds }) => [
            run,
            mode,
            scenario,
            environment,
            isoTime(startedMs),
            verdict,
            formatDuration(seconds * 1000),
          ]),
        );
      if (next !== undefined) context.output.line(`${runs.length} of ${total}; older ones: --after ${next}`);
      const shown = runs.map(input.flag('summary') ? summaryJson : runJson);
      return { json: { runs: shown, total, next: next ?? null } };
    }),
};

const summaryJson = (run: RunResult): Record<string, unknown> => {
  const { steps, questions, ...rest } = run;
  const waits = questions.map(({ step }) => step);
  const stepsDone = steps.filter(({ state }) => state === 'done').length;
  return { ...rest, startedAt: isoTime(run.startedMs), waits, stepsDone, stepsInAll: steps.length };
};
