import { resolve } from 'node:path';
import { formatBytes, formatDuration, isoTime } from '../../../core/index.ts';
import { planUndo, undoInPlace, type UndoPlan, type UndoRequest } from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { mustConsent } from './restore-in-place.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Brings back what stood in a folder before lifeboat restore --in-place, byte for byte, the configuration too; also after one that was interrupted. What is there now is kept first in the same way, so that this can be undone as well. Nothing may run there, and nothing is started. Before-images stay until they are forgotten: lifeboat points lists them.',
  arguments: [{ name: 'ASSET', summary: 'the asset that was restored in place' }],
  options: [
    { flags: '--to <FOLDER>', summary: 'the folder that was restored', required: true },
    { flags: '--point <ID>', summary: 'this before-image instead of the newest of the folder' },
    { flags: '--server <ID>', summary: 'the system identifier of the cluster in it; needed beside --yes' },
    { flags: '--dry-run', summary: 'say what would happen, change nothing' },
  ],
  examples: [
    'lifeboat restore undo orders --to /var/lib/postgresql/17/main --dry-run',
    'lifeboat restore undo orders --to /var/lib/postgresql/17/main --yes --server 7312345678901234567',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const point = input.text('point');
      const request: UndoRequest = {
        asset: input.argument('ASSET'),
        target: resolve(context.folder, input.text('to') as string),
        signal: context.signal,
        ...(point === undefined ? {} : { point }),
      };
      const plan = await planUndo(workspace, request);
      if (input.flag('dry-run')) {
        show(context, plan);
        return { json: { dryRun: true, ...jsonOf(plan) } };
      }
      mustConsent(context, input, plan.look, () => show(context, plan), 'would be made what it was before');
      const report = await undoInPlace(workspace, request);
      const { written, seconds, before, warnings } = report;
      context.output.line(
        `${context.output.mark(true)} ${plan.look.path} is as it was at ${isoTime(plan.image.atMs)}: ${formatBytes(written.bytesWritten)} of ${formatBytes(written.bytes)} written in ${formatDuration(seconds * 1000)}`,
      );
      context.output.line(`What was there until now is kept: ${before} in ${plan.store}`);
      for (const warning of warnings) context.output.line(`warning: ${warning}`);
      return { json: { ...jsonOf(plan), before, written, seconds, warnings } };
    }),
};

function show({ output }: CommandContext, { look, image, store, unfinished, unanswered }: UndoPlan): void {
  output.line(`target    ${look.path}: ${look.identity.description}, stopped, last ${look.state}`);
  if (unfinished !== undefined) output.line('unfinished a restore in place, or an undoing, was interrupted');
  output.line(`image     ${image.id} of ${isoTime(image.atMs)}, ${formatBytes(image.bytes)}, in ${store}`);
  for (const one of unanswered)
    output.line(`warning: ${one.store} did not answer (${one.reason}): a newer image may be there`);
  output.line('Nothing was changed.');
}

const jsonOf = ({ look, image, store, unfinished, unanswered }: UndoPlan): Record<string, unknown> => ({
  target: look.path,
  server: look.identity.id,
  image: image.id,
  imageAt: isoTime(image.atMs),
  store,
  unfinished: unfinished?.before ?? null,
  unanswered,
});
