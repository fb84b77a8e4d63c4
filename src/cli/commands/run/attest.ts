import type { Command } from '../../command.ts';
import { namedValues } from './named-values.ts';
import { sayOptions, sayWord } from './say.ts';

export const command: Command = {
  description:
    'Says that what a run asked people to do is done, with what was to be written down: later steps use it. With --deny it could not be done, and the step fails. It is recorded with your name and your account, and executes nothing: lifeboat run resume goes on. What is written down stands in the journal: no secrets.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    ...sayOptions,
    { flags: '--input <NAME=VALUE...>', summary: 'what was to be written down' },
    { flags: '--deny', summary: 'it cannot be done: the step fails' },
    { flags: '--reason <TEXT>', summary: 'why, for the record' },
  ],
  examples: [
    'lifeboat run attest 01kb9c3r8x0000000000000000 --as duty',
    'lifeboat run attest 01kb9c3r8x0000000000000000 --as duty --input last_order=4711',
  ],
  run: (context, input) =>
    sayWord(context, input, input.flag('deny') ? 'deny' : 'attest', { inputs: namedValues(input, 'input') }),
};
