import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endGroup, LifeboatError, plainEnvironment, systemClock } from '../../src/core/index.ts';
import { run, type RunOptions } from '../measure.ts';
import { postgresPrograms } from '../packages.ts';
import { program } from '../tools/lifeboat.ts';
import type { BusyServer } from './source.ts';

/** What takes the log of a server while it runs. */
export interface Receiver {
  readonly pid: number;
  stop(): Promise<void>;
}

export type Way = 'async' | 'sync';
/** As `synchronous_standby_names` knows them. */
export const standbyNames = { pg_receivewal: 'pg_receivewal', lifeboat: 'lifeboat_data' } as const;
export const passphrase = 'correct horse battery staple';

/** Into files of its own, with a slot as ours; a slot is no part of what is measured. */
export async function startReceiveWal(
  server: BusyServer,
  folder: string,
  way: Way,
  signal: AbortSignal,
): Promise<Receiver> {
  await mkdir(folder, { recursive: true });
  const words = ['-D', folder, '--slot=bench', '--no-loop', ...(way === 'sync' ? ['--synchronous'] : [])];
  const receive = [join(postgresPrograms, 'pg_receivewal'), '-d', server.url];
  await run([...receive, '--slot=bench', '--create-slot', '--if-not-exists'], signal);
  return background([...receive, ...words], {}, signal);
}

/** A plan that streams one asset into one store, made ready, with its first point. */
export interface StreamPlace {
  readonly folder: string;
  readonly options: RunOptions;
  start(signal: AbortSignal): Promise<Receiver>;
}

export async function placeOfStream(
  folder: string,
  url: string,
  store: object,
  stream: object,
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
): Promise<StreamPlace> {
  const plan = {
    lifeboat: 1,
    plan: 'bench',
    keys: { main: { passphrase: { env: 'LIFEBOAT_PASSPHRASE' }, domain: 'safe' } },
    stores: { near: { ...store, domain: 'safe' } },
    policies: { streamed: { every: '1d', to: ['near'], stream: { to: ['near'], ...stream } } },
    assets: { data: { type: 'postgres', url: { env: 'SOURCE_URL' }, policy: 'streamed' } },
  };
  await mkdir(folder, { recursive: true });
  // JSON is YAML.
  await writeFile(join(folder, 'lifeboat.yaml'), JSON.stringify(plan, undefined, 2));
  const options = { cwd: folder, env: { LIFEBOAT_PASSPHRASE: passphrase, SOURCE_URL: url, ...env } };
  await run([program, 'store', 'init'], signal, options);
  // The first stream makes its slot, and then takes the point that its log goes on from.
  const first = await background([program, 'stream', 'data'], options, signal);
  while (!(await run([program, 'points', '--json'], signal, options)).includes('"asset"'))
    await systemClock.sleep(500, signal);
  await first.stop();
  return { folder, options, start: (stop) => background([program, 'stream', 'data'], options, stop) };
}

async function background(argv: readonly string[], options: RunOptions, signal: AbortSignal): Promise<Receiver> {
  const [command, ...words] = argv as [string, ...string[]];
  const child = spawn(command, words, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: plainEnvironment({ LC_ALL: 'C', ...options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  const pid = child.pid;
  if (pid === undefined) throw new LifeboatError('process.failed', `${command} did not start`);
  await Promise.race([systemClock.sleep(300, signal), ended]);
  if (child.exitCode !== null)
    throw new LifeboatError(
      'process.failed',
      `${command} ended: ${(await said).trim().split('\n').slice(-3).join(' | ')}`,
    );
  return { pid, stop: () => endGroup(pid, 60_000, 'SIGINT') };
}

/**
 * Until the server says that this one streams in this way, and has come up: where commits wait, with what it has on its disk; else with what it was
 * sent, because a receiver like pg_receivewal says only at the end of a segment that it is on its disk.
 */
export async function untilStreams(server: BusyServer, name: string, way: Way, signal: AbortSignal): Promise<void> {
  const reached = way === 'sync' ? 'flush_lsn' : 'sent_lsn';
  for (let look = 0; look < 600; look += 1) {
    const rows = await server.ask(
      `select sync_state as state from pg_stat_replication
       where application_name = '${name}' and state = 'streaming' and ${reached} >= pg_current_wal_flush_lsn()`,
    );
    if (rows[0]?.['state'] === way) return;
    await systemClock.sleep(100, signal);
  }
  throw new LifeboatError('process.failed', `${name} does not stream in the way ${way}`);
}
