import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { endGroup, LifeboatError, plainEnvironment, redact, systemClock } from '../src/core/index.ts';
import { cpuSecondsOf, residentBytes } from './process-tree.ts';

export interface Measured {
  readonly seconds: number;
  /** Of all processes of the tool, and of the source's server while it worked for the tool. */
  readonly cpuSeconds: number;
  /** The most that all processes of the tool held at one time. */
  readonly peakBytes: number;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface Stopwatch {
  /** Runs a program to its end, counts its time and memory, and returns what it printed. Throws `process.failed`. */
  run(argv: readonly string[], options?: RunOptions): Promise<string>;
  /** The work is done: what still follows is nobody's time. Only the first call counts. */
  stop(): void;
}

export interface MeasureOptions {
  readonly signal: AbortSignal;
  /** Process id of a server whose help is counted too. */
  readonly server?: number;
  /** For all programs that are run. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How often memory is looked at; the kernel keeps each process's own peak, so only the sum can be missed between. */
const sampleEveryMs = 50;

/** Measures wall time of `work` until it ends or says that it is done, and processor time and memory of what it runs. */
export async function measure(
  work: (stopwatch: Stopwatch) => Promise<void>,
  { server, signal, env }: MeasureOptions,
): Promise<Measured> {
  const used = { cpuSeconds: 0, peakBytes: 0 };
  const serverSeconds = (): number => (server === undefined ? 0 : cpuSecondsOf(server));
  const serverBefore = serverSeconds();
  const startedMs = systemClock.elapsed();
  let end: { seconds: number; serverSeconds: number } | undefined;
  const stop = (): void =>
    void (end ??= {
      seconds: (systemClock.elapsed() - startedMs) / 1000,
      serverSeconds: serverSeconds() - serverBefore,
    });
  await work({
    run: async (argv, options = {}) => {
      const all = { ...options, env: { ...options.env, ...env } };
      const { output, cpuSeconds, peakBytes } = await runMeasured(argv, all, signal);
      used.cpuSeconds += cpuSeconds;
      used.peakBytes = Math.max(used.peakBytes, peakBytes);
      return output;
    },
    stop,
  });
  stop();
  const { seconds, serverSeconds: ofServer } = end as { seconds: number; serverSeconds: number };
  return { seconds, cpuSeconds: used.cpuSeconds + ofServer, peakBytes: used.peakBytes };
}

/** Runs a program whose cost is nobody's. */
export async function run(argv: readonly string[], signal: AbortSignal, options: RunOptions = {}): Promise<string> {
  return (await runMeasured(argv, options, signal)).output;
}

/** The shell waits for the program and says what it and all its children used; it hands its own pipe on to none of them. */
const script = '"$@" 3>&-; code=$?; times >&3; exit $code';

async function runMeasured(
  argv: readonly string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<{ output: string; cpuSeconds: number; peakBytes: number }> {
  signal.throwIfAborted();
  const child = spawn('sh', ['-c', script, 'sh', ...argv], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    env: plainEnvironment({ LC_ALL: 'C', ...options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.user === undefined ? {} : { uid: options.user.uid, gid: options.user.gid }),
  });
  const use = watchUse(child.pid);
  const stop = (): void => void (child.pid !== undefined && endGroup(child.pid).catch(() => {})); // 'close' tells the end
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [output, errors, times, code] = await Promise.all([
      text(child.stdout as Readable),
      text(child.stderr as Readable),
      text(child.stdio[3] as Readable),
      new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
    ]);
    signal.throwIfAborted();
    if (code !== 0) throw failed(argv, code, `${errors.trim()}\n${output.trim()}`);
    const seen = use.stop();
    // Children that a program does not wait for are in what was seen only.
    return { output, cpuSeconds: Math.max(childrenSeconds(times), seen.cpuSeconds), peakBytes: seen.peakBytes };
  } finally {
    use.stop();
    signal.removeEventListener('abort', stop);
  }
}

function watchUse(pid: number | undefined): { stop(): { cpuSeconds: number; peakBytes: number } } {
  let peakBytes = 0;
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    if (pid === undefined) return;
    const { sum, peakOfOne } = residentBytes(pid);
    peakBytes = Math.max(peakBytes, sum, peakOfOne);
    cpuSeconds = Math.max(cpuSeconds, cpuSecondsOf(pid));
  }, sampleEveryMs);
  return {
    stop: () => {
      clearInterval(timer);
      return { cpuSeconds, peakBytes };
    },
  };
}

/** `times` prints the shell's own user and system time, and below those of its children: `1m2.500000s 0m0.250000s`. */
function childrenSeconds(times: string): number {
  const line = times.trim().split('\n').at(-1) ?? '';
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds),
    0,
  );
}

function failed(argv: readonly string[], code: number | null, said: string): LifeboatError {
  const end = redact(said).trim().split('\n').slice(-4).join(' | ');
  return new LifeboatError('process.failed', `${argv.slice(0, 3).join(' ')} ended with code ${code}: ${end}`);
}
