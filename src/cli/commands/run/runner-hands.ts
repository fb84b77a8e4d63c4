import { runnerTools } from '../../../app/index.ts';
import type { Workspace } from '../../../operations/index.ts';
import type { RunnerTools } from '../../../procedures/index.ts';
import type { CommandContext } from '../../command.ts';

/** The hands of a real run that a command starts: whoever sits at the terminal can be asked to type the name of a destructive step. */
export function runnerHands(workspace: Workspace, { ask }: Pick<CommandContext, 'ask'>): RunnerTools {
  const tools = runnerTools(workspace);
  return ask === undefined ? tools : { ...tools, confirm: ({ question, signal }) => ask(question, signal) };
}
