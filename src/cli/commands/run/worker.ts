import { work, type WorkLine } from '../../../app/index.ts';
import { LifeboatError } from '../../../core/index.ts';
import type { Command, CommandContext } from '../../command.ts';
import { withWorkspace } from '../../with-workspace.ts';

export const command: Command = {
  description:
    'Executes steps near the assets of a site, for the engine that the plan names under tool.engine: the runs that this site leads, and steps of others that say site: SITE. Runs until it is stopped (SIGTERM, Ctrl-C), and ends when what is under way has ended; a second signal ends it at once, and what it did is looked at when it is started again. With --json each change of state is a line of its own on standard error. The exit code is 0 when it was asked to stop and has.',
  options: [
    { flags: '--site <SITE>', summary: 'the domain of the plan that it stands in', required: true },
    { flags: '--listen <HOST:PORT>', summary: 'where it takes what the engine asks for; default: 127.0.0.1:9080' },
    { flags: '--address <URL>', summary: 'where the engine reaches it; default: where it listens' },
  ],
  examples: [
    'lifeboat worker --site office',
    'lifeboat worker --site cloud --listen 10.0.0.5:9080 --address https://worker.cloud.example:9080',
  ],
  run: async (context, input) =>
    withWorkspace(context, async (workspace) => {
      const site = input.text('site') ?? '';
      const address = input.text('address');
      const lines: WorkLine[] = [];
      await work(workspace, {
        site,
        listen: placeOf(input.text('listen') ?? '127.0.0.1:9080'),
        ...(address === undefined ? {} : { address }),
        signal: context.signal,
        say: (line) => {
          if (line.state === 'ended') lines.push(line);
          show(context, line);
        },
      });
      return { json: { site, ended: lines.map(({ what }) => what) } };
    }),
};

/** Throws `input.flag`. */
function placeOf(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (host !== '' && Number(port) <= 65_535) return { host: host.replace(/^\[(.+)\]$/, '$1'), port: Number(port) };
  throw new LifeboatError('input.flag', `--listen ${text} is no place to listen`, { hint: 'Write 127.0.0.1:9080.' });
}

function show({ json, output }: CommandContext, line: WorkLine): void {
  if (json) {
    process.stderr.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const words = {
    ready: `waits for steps at ${line.what}`,
    began: `began ${line.what}`,
    ended: `ended ${line.what}`,
    stopping: line.what === '' ? 'stops' : `stops when this has ended: ${line.what}`,
    stopped: 'has stopped',
  };
  output.line(`${line.site}: ${words[line.state]}`);
}
