import { cancel } from '../../../app/index.ts';
import type { Command } from '../../command.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Ends a run. One that waits or was interrupted is cancelled at once; a runner that acts on it is asked to stop, ends what its steps started, and does so within seconds. What was done stays done. The exit code is 0 when it is cancelled or asked to.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    { flags: '--reason <TEXT>', summary: 'why, for those who read it later' },
    { flags: '--as <CONTACT>', summary: 'who you are (the user of this process)' },
  ],
  examples: ['lifeboat run cancel 01kb9c3r8x0000000000000000 --reason "false alarm"'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const [run, reason] = [input.argument('RUN'), input.text('reason')];
      const state = await cancel(workspace, {
        run,
        by: { as: input.text('as'), user: userName() },
        ...(reason === undefined ? {} : { reason }),
      });
      const words = { cancelled: 'is cancelled', asked: `is asked to stop; watch it: lifeboat run show ${run}` };
      context.output.line(`Run ${run} ${words[state]}`);
      return { json: { run, state } };
    }),
};
