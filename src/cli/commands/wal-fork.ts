import { resolve } from 'node:path';
import { forkInPlace, planFork, type ForkPlan, type ForkRequest } from '../../operations/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';
import { mustConsent } from './restore/restore-in-place.ts';

export const command: Command = {
  description:
    'Gives a stopped PostgreSQL a timeline of its own, one that its log in the stores does not have: for a server that was put back by a snapshot of its volume, or promoted by something that did not ask the log, so that its stream ends with log.conflict. It recovers once more, apart from everything, and is ended again; its data stays as it is. Afterwards start it as always, take a point, and begin the stream.',
  arguments: [{ name: 'ASSET', summary: 'the asset whose server it is' }],
  options: [
    { flags: '--to <FOLDER>', summary: 'its data directory', required: true },
    { flags: '--server <ID>', summary: 'the system identifier of the cluster in it; needed beside --yes' },
    { flags: '--dry-run', summary: 'say who stands there and which timelines are taken, change nothing' },
  ],
  examples: [
    'lifeboat wal fork orders --to /var/lib/postgresql/17/main --dry-run',
    'lifeboat wal fork orders --to /var/lib/postgresql/17/main --yes --server 7312345678901234567',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const request: ForkRequest = {
        asset: input.argument('ASSET'),
        target: resolve(context.folder, input.text('to') as string),
        signal: context.signal,
      };
      const plan = await planFork(workspace, request);
      if (input.flag('dry-run')) {
        show(context, plan);
        return { json: { dryRun: true, ...jsonOf(plan) } };
      }
      mustConsent(context, input, plan.look, () => show(context, plan), 'would go over to a timeline of its own');
      const { timeline, position } = await forkInPlace(workspace, request);
      const { output } = context;
      output.line(`${output.mark(true)} ${plan.look.path} goes on, on timeline ${timeline}, from ${position}`);
      output.line(
        `next      start it as always; then: lifeboat backup ${request.asset}, lifeboat stream ${request.asset}`,
      );
      return { json: { ...jsonOf(plan), to: timeline, position } };
    }),
};

function show({ output }: CommandContext, { look, taken }: ForkPlan): void {
  output.line(`target    ${look.path}: ${look.identity.description}, stopped, last ${look.state}`);
  output.line(`timeline  ${look.timeline}; the log in the stores has ${taken.join(', ') || 'none'}`);
  output.line('Nothing was changed.');
}

const jsonOf = ({ look, taken }: ForkPlan): Record<string, unknown> => ({
  target: look.path,
  server: look.identity.id,
  timeline: look.timeline,
  taken,
});
