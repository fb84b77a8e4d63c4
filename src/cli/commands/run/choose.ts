import type { Command } from '../../command.ts';
import { sayOptions, sayWord } from './say.ts';

export const command: Command = {
  description:
    'Decides which way a run goes that asks for it. It is recorded with your name and your account, and executes nothing: lifeboat run resume goes on. Until then another word of yours replaces it; once the run went that way, it stays there.',
  arguments: [{ name: 'RUN', summary: 'the id of the run; `lifeboat runs` lists them' }],
  options: [
    ...sayOptions,
    { flags: '--way <NAME>', summary: 'the way, as the question names it', required: true },
    { flags: '--reason <TEXT>', summary: 'why, for the record' },
  ],
  examples: ['lifeboat run choose 01kb9c3r8x0000000000000000 --as duty --way restore --reason "rows are missing"'],
  run: (context, input) => sayWord(context, input, 'choose', { option: input.text('way') ?? '' }),
};
