import { resume } from '../../../app/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Command } from '../../command.ts';
import type { Input } from '../../input.ts';
import { runnerHands } from './runner-hands.ts';
import { exitOfRun, runJson, showRunOn } from '../../show/show-run.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Goes on with a run that was killed, asked a question, or failed and whose cause is repaired. Finished steps are not done again; a step that was only started is looked at first, and where nobody can tell whether it took effect you are asked: answer with --done or --again. What people were asked (run approve, attest, choose) is looked at again, and the run goes on when enough was said; else the exit code is 3. The run keeps the procedure it started with, whatever the plan says now.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    { flags: '--step <STEP>', summary: 'the step the answer is about, if several are in doubt' },
    { flags: '--done', summary: 'the step in doubt took effect: go on behind it' },
    { flags: '--again', summary: 'the step in doubt took no effect: do it' },
    { flags: '--despite <WHY>', summary: 'go on although what must stay true is not, for a reason' },
    { flags: '--here', summary: 'in this process, although an engine keeps the run: it is gone' },
    {
      flags: '--confirm <STEP...>',
      summary: 'names of destructive steps, which may act then; asked for at a terminal',
    },
    { flags: '--alone', summary: 'you made sure that nobody else acts there, where a store cannot tell' },
  ],
  examples: [
    'lifeboat run resume 01kb9c3r8x0000000000000000',
    'lifeboat run resume 01kb9c3r8x0000000000000000 --step tell_people --done',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const answer = answerOf(input);
      const despite = input.text('despite');
      const run = await resume(workspace, {
        run: input.argument('RUN'),
        alone: input.flag('alone'),
        here: input.flag('here'),
        confirm: input.texts('confirm'),
        tools: runnerHands(workspace, context),
        ...(despite === undefined ? {} : { despite }),
        signal: context.signal,
        ...(answer === undefined ? {} : { answer }),
      });
      showRunOn(context.output, run);
      return { json: runJson(run), exitCode: exitOfRun(run) };
    }),
};

function answerOf(input: Input): { step?: string; is: 'done' | 'again'; by: string } | undefined {
  const [done, again] = [input.flag('done'), input.flag('again')];
  const step = input.text('step');
  if (done && again) throw new LifeboatError('input.flag', '--done and --again contradict each other');
  if (!done && !again) {
    if (step === undefined) return undefined;
    throw new LifeboatError('input.flag', '--step needs an answer', { hint: 'Add --done or --again.' });
  }
  return { is: done ? 'done' : 'again', by: userName(), ...(step === undefined ? {} : { step }) };
}
