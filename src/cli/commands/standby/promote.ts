import { resolve } from 'node:path';
import { formatDuration, isoTime } from '../../../core/index.ts';
import { promoteStandby } from '../../../operations/index.ts';
import type { Command } from '../../command.ts';
import { listeningText } from '../restore/restore-words.ts';
import { withWorkspace } from '../../with-workspace.ts';
import { showStandby } from './standby.ts';

export const command: Command = {
  description:
    'Lets a standby take the place of its source. First asks whether the source still takes writes: one that does is a refusal, one that does not answer needs a sentence from whoever made sure (--fenced-by), which is recorded. Then everything that is in the store is replayed, the server opens for writes, and is asked how far it came and on which timeline. It goes on running; the process that kept the standby ends.',
  arguments: [{ name: 'ASSET', summary: 'the asset whose standby it is' }],
  options: [
    { flags: '--to <FOLDER>', summary: 'the folder of the standby', required: true },
    { flags: '--fenced-by <WORDS>', summary: 'who made sure that the source takes no writes, and how' },
  ],
  examples: ['lifeboat standby promote orders --to /srv/orders-standby --fenced-by "kim cut the power of db1, rack 4"'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const fencedBy = input.text('fenced-by');
      const { promotion, fence } = await promoteStandby(workspace, {
        asset: input.argument('ASSET'),
        target: resolve(context.folder, input.text('to') as string),
        signal: context.signal,
        say: (line) => showStandby(context, line),
        ...(fencedBy === undefined ? {} : { fencedBy }),
      });
      const { output } = context;
      output.line(`fence     ${fence.what}${fencedBy === undefined ? '' : `; ${fencedBy}`}`);
      const newest =
        promotion.newestCommitMs === undefined
          ? ''
          : `; the last transaction is of ${isoTime(promotion.newestCommitMs)}`;
      output.line(
        `${output.mark(true)} promoted in ${formatDuration(promotion.seconds * 1000)}: reached ${promotion.reached}, now on timeline ${promotion.timeline}${newest}`,
      );
      output.line(`running   ${promotion.url}${listeningText(promotion)} (end it with: kill -INT ${promotion.pid})`);
      for (const warning of promotion.warnings) output.line(`warning: ${warning}`);
      return { json: { fence, fencedBy: fencedBy ?? null, ...promotion } };
    }),
};
