import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { resolve } from 'node:path';
import { serve, type ServeOptions } from '../../app/index.ts';
import { formatDuration, LifeboatError, limits, messageOf } from '../../core/index.ts';
import type { Command, CommandContext } from '../command.ts';
import type { Input } from '../input.ts';
import { answering } from '../answering.ts';
import { showServeEvent } from '../show/show-serve.ts';

export const command: Command = {
  description:
    'Keeps the plan as long as it runs: takes points by the calendars, keeps the streams, copies, reads back, lets go by retention, and rehearses. What a machine slept through is made up for once. Each thing is written down before it begins, so that it may be killed at any moment and goes on when it is started again. Several may be started for one plan, here or on other machines: one keeps the schedule, the others stand by and take over. A changed plan is kept to as soon as it is sound (at once on SIGHUP); one with new errors is refused, and the old one goes on. Tells metrics at /metrics, health at /healthz and whether only a new start helps at /livez, answers the API below /api/v1 (with accounts, whose first one is made with the code that is said at the start), and keeps the dead man’s switch of the plan quiet (tool.heartbeat). Ends on SIGTERM or Ctrl-C: what is under way has a minute to stop. With --json each event is a line of its own on standard error.',
  options: [
    {
      flags: '--listen <ADDRESS>',
      summary: `where metrics, health and the API are: HOST:PORT, or off; default: ${limits.servePlace}. Where others reach it too it speaks TLS`,
    },
    { flags: '--tls-cert <FILE>', summary: 'speak TLS with this certificate (PEM), and with --tls-key' },
    { flags: '--tls-key <FILE>', summary: 'its key (PEM)' },
    {
      flags: '--without-tls',
      summary:
        'others may reach this server although passwords and tokens then travel open: something before it speaks TLS',
    },
    {
      flags: '--name <HOST...>',
      summary: 'names by which people reach this server; what the certificate says is known',
    },
    {
      flags: '--behind <ADDRESS...>',
      summary: 'addresses or nets of who speaks TLS before it: whom they name in X-Forwarded-For is who asks',
    },
    {
      flags: '--restore-to <FOLDER>',
      summary: 'restores that are asked for by the API go below it; default: restored, in the folder of state',
    },
    { flags: '--jobs <NUMBER>', summary: `how many things are done at once (${limits.jobsAtOnce})` },
    {
      flags: '--takeover <DURATION>',
      summary: `how long a machine must give no sign before another takes over (${formatDuration(limits.serveLeaseMs)})`,
    },
  ],
  examples: [
    'lifeboat serve',
    'lifeboat serve --listen 127.0.0.1:0 --jobs 2',
    'lifeboat serve --json 2>events.jsonl   # a line for each thing that begins and ends',
  ],
  run: async (context, input) => {
    let release = (): void => {};
    try {
      const options = await optionsOf(context, input);
      const [names, restoreTo] = [input.texts('name'), input.text('restore-to')];
      const certificate = options.listen?.tls?.certificate;
      const { left } = await serve({
        ...options,
        answer: answering({
          names,
          behind: input.texts('behind'),
          ...(restoreTo === undefined ? {} : { restoreTo: resolve(context.folder, restoreTo) }),
          ...(certificate === undefined ? {} : { certificate }),
        }),
        onReady: (lookNow) => (release = onHangUp(lookNow)),
        say: (event) => showServeEvent(context, event),
      });
      if (left.length === 0) return { json: { left } };
      const message = `${left.join(', ')} did not stop within ${formatDuration(limits.serveStopMs)}`;
      const hint = 'It ends with this process; the next one does it again.';
      return { json: { left }, error: new LifeboatError('operation.silent', message, { hint }) };
    } finally {
      release();
    }
  },
};

async function optionsOf(context: CommandContext, input: Input): Promise<Omit<ServeOptions, 'say'>> {
  const { planFile, stateFolder, signal, wrapStore, unlock } = context;
  const listen = await listenOf(context, input);
  const jobsAtOnce = input.number('jobs', 1, limits.jobsAtOnceMax);
  const leaseMs = input.durationMs('takeover');
  if (leaseMs !== undefined && leaseMs < limits.serveLeaseMsMin)
    throw new LifeboatError('input.flag', `--takeover must be at least ${formatDuration(limits.serveLeaseMsMin)}`, {
      hint: 'A slow answer of a store would look like a machine that died.',
    });
  return {
    planFile,
    stateFolder,
    signal,
    ...(listen === undefined ? {} : { listen }),
    ...(jobsAtOnce === undefined ? {} : { jobsAtOnce }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(wrapStore === undefined ? {} : { wrapStore }),
    ...(unlock === undefined ? {} : { unlock }),
  };
}

async function listenOf({ folder }: CommandContext, input: Input): Promise<ServeOptions['listen']> {
  const place = placeOf(input.text('listen'));
  const [certificate, key] = [input.text('tls-cert'), input.text('tls-key')];
  if ((certificate === undefined) !== (key === undefined))
    throw new LifeboatError('input.flag', '--tls-cert and --tls-key go together');
  if (place === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) {
    const [cert, secret] = await Promise.all([readPem(resolve(folder, certificate)), readPem(resolve(folder, key))]);
    return { ...place, tls: { certificate: cert, key: secret } };
  }
  if (isThisMachine(place.host) || input.flag('without-tls')) return place;
  throw new LifeboatError('input.flag', `others reach ${place.host}, and passwords and tokens would travel open`, {
    hint: 'Give --tls-cert and --tls-key, or say --without-tls where something before it speaks TLS.',
  });
}

const isThisMachine = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new LifeboatError('input.file', `${file} cannot be read: ${messageOf(error)}`, { where: file, cause: error });
  }
}

function placeOf(text: string | undefined): ServeOptions['listen'] {
  if (text === 'off') return undefined;
  const [, six, four, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text ?? limits.servePlace) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new LifeboatError('input.flag', `--listen must be HOST:PORT or off, not "${text}"`, {
      hint: 'For example 127.0.0.1:9807, [::1]:9807, or 0.0.0.0:9807 for everybody who reaches this machine.',
    });
  return { host: six ?? four ?? '', port, orAnyPort: text === undefined };
}

function onHangUp(lookNow: () => void): () => void {
  process.on('SIGHUP', lookNow);
  return () => void process.off('SIGHUP', lookNow);
}
