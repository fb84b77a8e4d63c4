import { resolve } from 'node:path';
import { LifeboatError } from '../../core/index.ts';
import { pushLog, streamedAssets, type Workspace } from '../../operations/index.ts';
import type { Command } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Stores one file of a PostgreSQL’s write-ahead log, for archive_command: exit code 0 only when it is durable in every store that the policy streams to. The same file again is fine, another one for the same place is refused, and so is a file of another server. Where `lifeboat stream` runs this is not needed; it is a second way in.',
  arguments: [{ name: 'FILE', summary: 'what the server calls %p' }],
  options: [{ flags: '--asset <ASSET>', summary: 'whose log it is; may be left out when the plan streams one asset' }],
  examples: [
    "archive_command = 'lifeboat wal push %p --asset orders --plan /etc/lifeboat/lifeboat.yaml --state /var/lib/lifeboat --quiet'",
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const asset = input.text('asset') ?? onlyStreamed(workspace);
      const file = resolve(context.folder, input.argument('FILE'));
      const { stored } = await pushLog(workspace, asset, file);
      context.output.line(stored ? `${context.output.mark(true)} ${file} is stored` : `${file} is not needed`);
      return { json: { asset, file, stored } };
    }),
};

function onlyStreamed(workspace: Workspace): string {
  const names = streamedAssets(workspace);
  if (names.length === 1) return names[0] as string;
  throw new LifeboatError('input.flag', `the plan streams ${names.length} assets`, {
    hint: 'Say which: --asset NAME.',
  });
}
