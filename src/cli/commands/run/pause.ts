import { pauseRun } from '../../../procedures/index.ts';
import type { Command } from '../../command.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Asks the runner of a run to begin no further step. What runs ends by itself; then the runner ends with exit code 3, and lifeboat run resume goes on. To stop the running steps too, cancel the run. The exit code is 0 when the runner is asked.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    { flags: '--reason <TEXT>', summary: 'why, for those who read it later' },
    { flags: '--as <CONTACT>', summary: 'who you are (the user of this process)' },
  ],
  examples: ['lifeboat run pause 01kb9c3r8x0000000000000000 --reason "the network people look first"'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const [run, reason] = [input.argument('RUN'), input.text('reason')];
      const by = { as: input.text('as'), user: userName() };
      pauseRun(workspace, { run, by, ...(reason === undefined ? {} : { reason }) });
      context.output.line(`Run ${run} begins nothing new. When what runs has ended: lifeboat run resume ${run}`);
      return { json: { run, state: 'asked' } };
    }),
};
