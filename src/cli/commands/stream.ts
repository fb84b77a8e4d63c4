import { formatDuration, isoTime } from '../../core/index.ts';
import { stream, type StreamLine } from '../../operations/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { withWorkspace } from '../with-workspace.ts';

export const command: Command = {
  description:
    'Keeps the write-ahead log of PostgreSQL assets in the stores of their policies as it is written, so that any moment can be restored. Runs until it is stopped (SIGTERM, Ctrl-C), and stores what it has before it ends. Takes a recovery point where there is none yet, or where the log has a gap. With --json each change of state is a line of its own on standard error, and the object at the end says how it stood.',
  arguments: [
    { name: 'ASSET', summary: 'what to stream; default: every asset whose policy says so', optional: true, many: true },
  ],
  examples: ['lifeboat stream', 'lifeboat stream orders --json   # a line of state every few seconds, for a program'],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const last = new Map<string, StreamLine>();
      await stream(workspace, {
        assets: input.arguments('ASSET'),
        signal: context.signal,
        isAlone: true,
        say: (line) => {
          last.set(line.asset, line);
          show(context, line);
        },
      });
      return { json: { assets: [...last.values()] } };
    }),
};

function show({ json, output, progress }: CommandContext, line: StreamLine): void {
  if (json) {
    process.stderr.write(
      `${JSON.stringify({ ...line, at: isoTime(line.at), stores: line.stores.map((one) => withRpo(line, one)) })}\n`,
    );
    return;
  }
  const text = `${line.asset}: ${textOf(line)}`;
  if (line.state === 'streaming') output.line(text);
  else progress.note(text);
}

function textOf(line: StreamLine): string {
  if (line.state === 'ended') return 'the stream has ended; all that was received is stored';
  if (line.state === 'base') return line.reason;
  if (line.state === 'resumed') return line.reason ?? '';
  if (line.state === 'failed') return `it ended: ${line.reason} [${line.code}]`;
  if (line.state !== 'streaming') return `${line.state === 'waiting' ? 'waiting' : 'warning'}: ${line.reason ?? ''}`;
  const stores = line.stores.map((one) => {
    const { rpoSeconds } = withRpo(line, one);
    const age = rpoSeconds === null ? 'not known yet' : formatDuration(rpoSeconds * 1000);
    const behind = one.isBehind === true ? ', is behind and catches up beside the stream' : '';
    return `${one.store} has ${one.durable ?? 'not said yet what'}, could lose ${age}${behind}${one.failure === undefined ? '' : ` (${one.failure})`}`;
  });
  const why = line.reason === undefined ? '' : `; no recovery point leads there: ${line.reason}`;
  const left =
    line.passedBy === undefined
      ? ''
      : `; a restore from ${line.passedBy.stores.join(', ')} without --timeline ${line.timeline} goes along timeline ${line.passedBy.timeline}`;
  return `timeline ${line.timeline}, received ${line.received}; ${stores.join('; ')}${why}${left}`;
}

/** What a loss of the server this moment would take with it: measured by its own clock. */
function withRpo(line: StreamLine, store: StreamLine['stores'][number]): { rpoSeconds: number | null } {
  const serverMs = 'serverMs' in line ? line.serverMs : undefined;
  const rpoSeconds =
    serverMs === undefined || store.completeToMs === undefined
      ? null
      : Math.max(0, serverMs - store.completeToMs) / 1000;
  return { ...store, rpoSeconds };
}
