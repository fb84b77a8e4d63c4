import { chown, open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LifeboatError,
  limits,
  messageOf,
  systemClock,
  systemCodeOf,
  startService,
  type Service,
} from '../../../core/index.ts';
import { makeClient } from '../link/client.ts';
import { serverEnvironment, type ServerPrograms } from './programs.ts';
import type { ServerUser } from './user.ts';

export interface ServerOptions {
  readonly programs: ServerPrograms;
  readonly user: ServerUser | undefined;
  readonly dataFolder: string;
  /** Configuration on the command line, which nothing in the data folder can override. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How to ask it whether it is ready. */
  readonly url: string;
  readonly signal?: AbortSignal;
  /** A standby is ready when it answers questions; it replays for ever. */
  readonly replaysOn?: true;
  /** When something last went on (`Clock.elapsed`), for a server that may replay for hours: it is given up only without that. */
  readonly lastProgressMs?: () => number;
}

export interface RunningServer {
  readonly pid: number;
  /** A fast shutdown (open transactions are rolled back), confirmed. */
  stop(): Promise<void>;
  /** SIGKILL to the postmaster and its children: a crash. */
  kill(): Promise<void>;
}

/** A fast shutdown writes a checkpoint: a busy disk may take this long before the server is ended the hard way. */
const shutdownMs = 60_000;

/**
 * Starts `postgres` and returns when it answers and has finished recovery (unless it `replaysOn`). It outlives this process if nobody stops it.
 * Throws `asset.start_failed` with the end of its log, `asset.denied`, `operation.cancelled`.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { programs, user, dataFolder, settings, logFile } = options;
  await makeLog(logFile, user);
  const service = await startService(
    [
      join(programs.folder, 'postgres'),
      '-D',
      dataFolder,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      cwd: '/',
      env: serverEnvironment(),
      logFile,
      graceMs: shutdownMs,
      ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
    },
  );
  try {
    await untilReady(service, options);
  } catch (error) {
    await service.stop('SIGINT');
    throw error;
  }
  return { pid: service.pid, stop: () => service.stop('SIGINT'), kill: () => service.stop('SIGKILL') };
}

/** Owned by the server's user, as everything in its folder must be: a base backup of the copy would fail on a file it cannot read. */
async function makeLog(path: string, user: ServerUser | undefined): Promise<void> {
  await (await open(path, 'a', 0o600)).close();
  if (user !== undefined) await chown(path, user.uid, user.gid);
}

async function untilReady(
  service: Service,
  { url, signal, dataFolder, lastProgressMs, replaysOn }: ServerOptions,
): Promise<void> {
  const startedMs = systemClock.elapsed();
  let ended = false;
  void service.ended.then(() => (ended = true));
  for (;;) {
    signal?.throwIfAborted();
    if (ended) {
      throw new LifeboatError('asset.start_failed', `PostgreSQL did not start: ${lastWords(service.tail())}`, {
        where: dataFolder,
      });
    }
    const state = await ask(url);
    if (state === 'ready' || (state === 'replaying' && replaysOn === true)) return;
    const sinceMs = Math.max(startedMs, lastProgressMs?.() ?? startedMs);
    if (systemClock.elapsed() - sinceMs > limits.serverStartMs) {
      throw new LifeboatError(
        'asset.start_failed',
        `PostgreSQL was not ready after ${limits.serverStartMs / 1000} s (${state}): ${lastWords(service.tail())}`,
        { where: dataFolder },
      );
    }
    await systemClock.sleep(50, signal);
  }
}

/** Not accepting connections yet, or still replaying, is a state; a refusal to let us in is an error. */
async function ask(url: string): Promise<string> {
  const client = makeClient(url);
  // The server may end under us; the query below says so.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ replaying: boolean }>('select pg_is_in_recovery() as replaying');
    return rows[0]?.replaying === true ? 'replaying' : 'ready';
  } catch (error) {
    const code = systemCodeOf(error);
    // Class 28: authentication; 3D000: no such database. Waiting does not help.
    if (code?.startsWith('28') || code === '3D000') {
      throw new LifeboatError(
        'asset.denied',
        `the restored server does not let the plan's user in: ${messageOf(error)}`,
        {
          hint: 'If the source lets this user in without checking a password (trust, peer), take the password out of the url: then the copy opens a private socket.',
          cause: error,
        },
      );
    }
    return messageOf(error);
  } finally {
    await client.end().catch(() => {}); // it never connected, or it is gone already
  }
}

/** What tells why: the last lines that are not mere progress. */
function lastWords(log: string): string {
  const lines = log.split('\n').filter((line) => /(FATAL|PANIC|ERROR|HINT|DETAIL)/.test(line));
  return (lines.length > 0 ? lines : log.split('\n')).slice(-4).join(' | ') || 'it said nothing';
}
