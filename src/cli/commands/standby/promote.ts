import { resolve } from 'node:path';
import { formatDuration, isoTime } from '../../../core/index.ts';
import { promotedBefore, promoteStandby, type PromotedBefore } from '../../../operations/index.ts';
import type { Command, CommandContext, CommandResult } from '../../command.ts';
import { listeningText } from '../restore/restore-words.ts';
import { withWorkspace } from '../../with-workspace.ts';
import { showStandby } from './standby.ts';

export const command: Command = {
  description:
    'Lets a standby take the place of its source. First asks whether the source still takes writes: one that does is a refusal, one that does not answer needs a sentence from whoever made sure (--fenced-by), which is recorded. Then everything that is in the store is replayed, the server opens for writes, and is asked how far it came and on which timeline. It goes on running; the process that kept the standby ends. Of one that was promoted already it says when, and where it listens; the exit code is 1 if its server runs no more.',
  arguments: [{ name: 'ASSET', summary: 'the asset whose standby it is' }],
  options: [
    { flags: '--to <FOLDER>', summary: 'the folder of the standby', required: true },
    { flags: '--fenced-by <WORDS>', summary: 'who made sure that the source takes no writes, and how' },
  ],
  examples: ['lifeboat standby promote orders --to /srv/orders-standby --fenced-by "kim cut the power of db1, rack 4"'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const fencedBy = input.text('fenced-by');
      const asset = input.argument('ASSET');
      const target = resolve(context.folder, input.text('to') as string);
      const before = await promotedBefore(workspace, asset, target);
      if (before !== undefined) return tellOf(context, target, before);
      const { promotion, fence } = await promoteStandby(workspace, {
        asset,
        target,
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

/** Nothing is left to be done. Whether its address still holds only the server can prove that was promoted. */
function tellOf({ output }: CommandContext, target: string, before: PromotedBefore): CommandResult {
  const { promotion, atMs, server } = before;
  output.line(
    `${output.mark(server !== 'none')} ${target} was promoted already, ${isoTime(atMs)}: reached ${promotion.reached}, now on timeline ${promotion.timeline}`,
  );
  output.line(`running   ${runningText(before)}`);
  const json = { already: true, promotedAt: isoTime(atMs), server, ...promotion };
  return { json, exitCode: server === 'none' ? 1 : 0 };
}

function runningText({ promotion, server }: PromotedBefore): string {
  const { url, pid } = promotion;
  if (server === 'promoted') return `${url}${listeningText(promotion)} (end it with: kill -INT ${pid})`;
  if (server === 'another')
    return 'a server that was started on the folder since: its own settings say where it listens';
  if (server === 'none')
    return 'no server: start the folder, which holds the source’s configuration, as servers are started here';
  return `${url}${listeningText(promotion)}, as it was promoted; whether it still runs cannot be seen here`;
}
