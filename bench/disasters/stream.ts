import { readFile } from 'node:fs/promises';
import { isoTime, LifeboatError, startService, systemClock, type Service } from '../../src/core/index.ts';
import { program } from '../tools/lifeboat.ts';

/** The part of a line of state that is looked at here. */
export interface StreamLine {
  readonly state: string;
  readonly timeline?: number;
  readonly reason?: string;
  readonly stores: readonly { readonly store: string; readonly completeToMs?: number; readonly failure?: string }[];
}

/** `lifeboat stream` as a process of its own. */
export interface Stream {
  /** Resolves with the line of state for which this is so; throws when the stream ends before, or none comes for a minute. */
  until(what: string, so: (line: StreamLine) => boolean): Promise<StreamLine>;
  /** Everything acknowledged before now is in the store for good. */
  untilCurrent(): Promise<void>;
  /** The newest line that says how a running stream stands. */
  latest(): Promise<StreamLine>;
  /** As Ctrl-C does. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

const patienceMs = 60_000;

export async function startStream(options: {
  readonly folder: string;
  readonly env: Record<string, string>;
  readonly logFile: string;
}): Promise<Stream> {
  const { folder, env, logFile } = options;
  const service = await startService([program, 'stream', '--json'], { cwd: folder, env, logFile, graceMs: 30_000 });
  let ended = false;
  void service.ended.then(() => (ended = true));
  const until: Stream['until'] = async (what, so) => {
    const startedMs = systemClock.elapsed();
    for (;;) {
      const found = (await linesOf(logFile)).findLast(so);
      if (found !== undefined) return found;
      if (ended) throw failed(`the stream ended before ${what}`, service);
      if (systemClock.elapsed() - startedMs > patienceMs)
        throw failed(`the stream did not come to this: ${what}`, service);
      await systemClock.sleep(50);
    }
  };
  return {
    until,
    untilCurrent: async () => {
      const nowMs = systemClock.now();
      await until(
        `what was acknowledged by ${isoTime(nowMs)} is stored`,
        ({ state, stores }) => state === 'streaming' && stores.every(({ completeToMs = 0 }) => completeToMs >= nowMs),
      );
    },
    latest: () => until('it said how it stands', ({ state }) => state === 'streaming'),
    stop: () => service.stop('SIGTERM'),
    kill: () => service.stop('SIGKILL'),
  };
}

const failed = (what: string, service: Service): LifeboatError =>
  new LifeboatError('process.failed', `${what}: ${service.tail().slice(-2_000)}`);

/** Whole lines only: the last one may still be written. */
async function linesOf(file: string): Promise<StreamLine[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('{"'))
    .map((line) => JSON.parse(line) as StreamLine)
    .filter(isState);
}

const isState = (line: StreamLine): boolean => typeof line.state === 'string' && Array.isArray(line.stores);
