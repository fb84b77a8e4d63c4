import { say, type SayReport, type SayRequest } from '../../../procedures/index.ts';
import type { CommandContext, CommandResult } from '../../command.ts';
import type { Input } from '../../input.ts';
import { userName } from '../../user-name.ts';
import { withWorkspace } from '../../with-workspace.ts';

/** What `run approve`, `attest` and `choose` have in common: a person says a word, and hears what is still missing. */
export async function sayWord(
  context: CommandContext,
  input: Input,
  word: SayRequest['word'],
  more: Pick<SayRequest, 'inputs' | 'option'> = {},
): Promise<CommandResult> {
  return withWorkspace(context, async (workspace) => {
    const [step, reason] = [input.text('step'), input.text('reason')];
    const report = say(workspace, {
      run: input.argument('RUN'),
      word,
      as: input.text('as') ?? '',
      user: userName(),
      ...(step === undefined ? {} : { step }),
      ...(reason === undefined ? {} : { reason }),
      ...more,
    });
    context.output.line(wordsOf(report));
    return { json: { ...report }, exitCode: report.complete ? 0 : 3 };
  });
}

function wordsOf({ run, step, agreed, needed, denied, complete, as }: SayReport): string {
  const next = `lifeboat run resume ${run}`;
  if (denied) return `Noted: no to ${step}. The run fails there when it is gone on with: ${next}`;
  if (complete) return `Noted: ${as} about ${step}. Nothing more is missing there: ${next}`;
  return `Noted: ${as} about ${step}. ${agreed.length} of ${needed} so far.`;
}

export const sayOptions = [
  { flags: '--as <CONTACT>', summary: 'who speaks: a contact of the plan', required: true },
  { flags: '--step <STEP>', summary: 'the step it is about, if several ask' },
] as const;
