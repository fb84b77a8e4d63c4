import { backup, planRestore, restore, type Workspace } from '../operations/index.ts';
import type { RunnerTools } from '../procedures/index.ts';
import { registry } from './registry.ts';

/** The hands of a real run: the operations themselves, and the console for messages. */
export function runnerTools(workspace: Workspace): RunnerTools {
  return {
    workspace,
    stepKinds: registry.steps,
    checkKinds: registry.checks,
    backup: (asset, signal) => backup(workspace, asset, signal),
    planRestore: (request) => planRestore(workspace, request),
    restore: (request) => restore(workspace, request),
    notify: (message) => tellOnConsole(workspace, message),
    output: (step, line) => workspace.progress.note(`${step}: ${line}`),
  };
}

/** Once for each key, whatever crashes and resumes: the record of having said it comes first, for a word said twice confuses more than one unsaid. */
async function tellOnConsole(
  { journal, progress }: Workspace,
  { key, channel, subject, body }: { key: string; channel: string; subject: string; body: string },
): Promise<void> {
  const said = journal.records({ kinds: ['message.sent'] }).some(({ data }) => data['key'] === key);
  if (said) return;
  journal.append('message.sent', { key, channel, via: 'console', subject, body });
  progress.note([subject, body].filter((part) => part !== '').join(': '));
}
