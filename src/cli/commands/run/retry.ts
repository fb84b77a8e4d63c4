import { resume } from '../../../app/index.ts';
import { readHistory, stepToRetry } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { runnerHands } from './runner-hands.ts';
import { exitOfRun, runJson, showRunOn } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Does a step of a run again that failed, was stopped, or of which nobody can tell, and goes on behind it. The world is looked at first: what turns out to be done is not done twice. A step that is done is not done again, and one that waits for people waits for them. The exit code is that of run resume.',
  arguments: [
    { name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' },
    { name: 'STEP', summary: 'the step; may be left out when only one stands in the way', optional: true },
  ],
  options: [
    {
      flags: '--confirm <STEP...>',
      summary: 'names of destructive steps, which may act then; asked for at a terminal',
    },
    { flags: '--alone', summary: 'you made sure that nobody else acts there, where a store cannot tell' },
  ],
  examples: [
    'lifeboat run retry 01kb9c3r8x0000000000000000',
    'lifeboat run retry 01kb9c3r8x0000000000000000 start_shop',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const run = input.argument('RUN');
      const step = stepToRetry(readHistory(workspace.journal, run), input.optionalArgument('STEP'));
      const result = await resume(workspace, {
        run,
        alone: input.flag('alone'),
        confirm: input.texts('confirm'),
        tools: runnerHands(workspace, context),
        signal: context.signal,
        answer: { step, is: 'again', by: userName() },
      });
      showRunOn(context.output, result);
      return { json: runJson(result), exitCode: exitOfRun(result) };
    }),
};
