import type { Command } from '../../command.ts';
import { sayOptions, sayWord } from './say.ts';

export const command: Command = {
  description:
    'Gives the consent that a run waits for, or refuses it with --deny. Whoever started the run cannot. It is recorded with your name and your account, and executes nothing: lifeboat run resume goes on. Your last word counts, until the time is over. The exit code is 0 when nothing more is missing, 3 when others have to agree too.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    ...sayOptions,
    { flags: '--deny', summary: 'no: the step fails' },
    { flags: '--reason <TEXT>', summary: 'why, for the record' },
  ],
  examples: [
    'lifeboat run approve 01kb9c3r8x0000000000000000 --as lead',
    'lifeboat run approve 01kb9c3r8x0000000000000000 --as lead --deny --reason "the old primary still answers"',
  ],
  run: (context, input) => sayWord(context, input, input.flag('deny') ? 'deny' : 'approve'),
};
