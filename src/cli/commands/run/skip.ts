import { skipStep } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { runJson } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Leaves out one step of a run that stopped: the record says who did it and why, and nothing is executed. lifeboat run resume goes on behind it; a later step that needs what it would have given fails. A step that asks for consent cannot be skipped, and no step while a runner acts on the run.',
  arguments: [
    { name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' },
    { name: 'STEP', summary: 'the step' },
  ],
  options: [
    { flags: '--reason <TEXT>', summary: 'why, for those who read it later', required: true },
    { flags: '--as <CONTACT>', summary: 'who you are (the user of this process)' },
  ],
  examples: ['lifeboat run skip 01kb9c3r8x0000000000000000 tell_people --reason "they know already"'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const step = input.argument('STEP');
      const run = skipStep(workspace, {
        run: input.argument('RUN'),
        step,
        reason: input.text('reason') ?? '',
        by: { as: input.text('as'), user: userName() },
      });
      context.output.line(`${step} is skipped. Go on behind it: lifeboat run resume ${run.run}`);
      return { json: { run: runJson(run), step } };
    }),
};
