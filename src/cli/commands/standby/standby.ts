import { resolve } from 'node:path';
import { formatBytes, formatDuration, isoTime } from '../../../core/index.ts';
import { standby, type StandbyLine } from '../../../operations/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { listeningText } from '../restore/restore-words.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Keeps a warm standby of a PostgreSQL in a folder, fed from a store alone, without a link to the source: begins as the newest point, replays the log as it arrives, follows new timelines, and answers questions (read-only, on this machine only). Runs until it is stopped (SIGTERM, Ctrl-C), and the server with it; killed, the server goes on to answer, and the same again goes on. When the log that it needs is gone it makes itself anew, and says so. To let it take the source’s place: lifeboat standby promote. With --json each line of state is an object on standard error.',
  arguments: [{ name: 'ASSET', summary: 'the asset to stand by for' }],
  options: [
    { flags: '--to <FOLDER>', summary: 'the folder to make, or the standby that is there', required: true },
    {
      flags: '--port <PORT>',
      summary:
        'listen on this port of 127.0.0.1, where each role gives the password that it has at the source; default: any free port, and a private socket alone where the plan’s url has no password',
    },
    { flags: '--store <STORE>', summary: 'make it from this store' },
  ],
  examples: ['lifeboat standby orders --to /srv/orders-standby --port 5440'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const port = input.number('port', 1, 65_535);
      const store = input.text('store');
      let last: StandbyLine | undefined;
      const promotion = await standby(workspace, {
        asset: input.argument('ASSET'),
        target: resolve(context.folder, input.text('to') as string),
        signal: context.signal,
        say: (line) => {
          showStandby(context, line, last);
          last = line;
        },
        ...(port === undefined ? {} : { port }),
        ...(store === undefined ? {} : { store }),
      });
      return { json: { ...last, promotion: promotion ?? null } };
    }),
};

/** The same state again is said once, for people; programs get each line. */
export function showStandby({ json, output, progress }: CommandContext, line: StandbyLine, before?: StandbyLine): void {
  if (json) {
    process.stderr.write(`${JSON.stringify({ ...line, at: isoTime(line.at) })}\n`);
    return;
  }
  const text = `${line.asset}: ${textOf(line)}`;
  if (before !== undefined && `${line.asset}: ${textOf(before)}` === text) return;
  if (line.state === 'following' || line.state === 'promoted') output.line(text);
  else progress.note(text);
}

function textOf(line: StandbyLine): string {
  if (line.state === 'ended') return 'the standby is stopped';
  if (line.state === 'starting') return 'its server starts';
  if (line.state === 'seeding') return `a standby is made: ${line.reason}`;
  if (line.state === 'promoted')
    return `promoted: ${line.url}${listeningText(line)} takes writes, on timeline ${line.timeline}`;
  // Without a server that answers nothing is known but why.
  if (line.timeline === undefined) return `waiting: ${line.reason}`;
  const lag =
    line.behindBytes === 0
      ? 'all that is in the store'
      : `${formatBytes(line.behindBytes ?? 0)}${line.behindSeconds === undefined ? '' : `, ${formatDuration(line.behindSeconds * 1000)}`} behind the store`;
  const where = `timeline ${line.timeline}, replayed to ${line.replayed}: ${lag}; ${line.url}${listeningText(line)}`;
  return line.state === 'waiting' ? `waiting: ${line.reason}; ${where}` : where;
}
