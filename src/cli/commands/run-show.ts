import { showRun } from '../../procedures/index.ts';
import type { Command } from '../command.ts';
import { runJson, showRunOn } from '../show-run.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Shows one run as its records tell it: verdict, clock, every step with its attempts, times and what happened, and what is asked of people. Reads the journal only.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  examples: ['lifeboat run show 01kb9c3r8x0000000000000000', 'lifeboat run show 01kb9c3r8x0000000000000000 --json'],
  run: async (context, input) =>
    withWorkspace(context, async ({ journal }) => {
      const run = showRun(journal, input.argument('RUN'));
      showRunOn(context.output, run);
      return { json: { run: runJson(run) } };
    }),
};
