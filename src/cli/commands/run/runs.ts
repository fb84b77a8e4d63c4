import { formatDuration, isoTime } from '../../../core/index.ts';
import { listRuns } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { runJson } from '../../show/show-run.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Lists the runs of this machine’s journal, newest first: what ran, where, how it ended and how long it took.',
  examples: ['lifeboat runs', 'lifeboat runs --json | jq -r .runs[0].run'],
  run: async (context) =>
    withWorkspace(context, async ({ journal }) => {
      const runs = listRuns(journal);
      if (runs.length === 0) context.output.line('Nothing has run yet.');
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
      return { json: { runs: runs.map(runJson) } };
    }),
};
