import { hasRunner, readHistory, showRun } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { followRun, goneWords } from './follow-run.ts';
import { runJson, showRunOn } from '../../show/show-run.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Shows one run as its records tell it: verdict, clock, every step with its attempts, times and what happened, and what is asked of people. With --follow it shows what begins and ends as it happens, until the run ends or waits, or its runner died, which it says. Changes nothing.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    {
      flags: '--follow',
      summary:
        'go on showing it until it ends: what begins, ends, is next, and when it ends by earlier runs or its budgets',
    },
  ],
  examples: ['lifeboat run show 01kb9c3r8x0000000000000000', 'lifeboat run show 01kb9c3r8x0000000000000000 --json'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const id = input.argument('RUN');
      const run = input.flag('follow')
        ? await followRun(workspace, id, context.output, context.signal)
        : showRun(workspace.journal, id);
      showRunOn(context.output, run);
      const isGone = run.verdict === 'unfinished' && hasRunner(workspace, readHistory(workspace.journal, id)) === false;
      if (isGone) context.output.line(goneWords(id));
      return { json: { run: runJson(run), ...(isGone ? { runner: 'gone' } : {}) } };
    }),
};
