import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { LifeboatError } from './errors.ts';
import { limits } from './limits.ts';
import { endGroup, spawnError, spawnGroup, tailOf, type ProcessOptions } from './process.ts';
import { redact } from './secrets.ts';

export interface ServiceOptions extends Omit<ProcessOptions, 'input' | 'timeoutMs'> {
  /** Output is appended to this file instead of being read by us, so that the program may outlive this process. */
  logFile?: string;
}

export interface Service {
  readonly pid: number;
  /** Resolves when the program has ended, however it ended. */
  readonly ended: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>;
  /** The last output of this start, redacted. */
  tail(): string;
  /** Ends the whole group and confirms it. May be called again. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program that goes on running, in a process group of its own. Throws `process.missing`, `process.failed`. */
export async function startService(argv: readonly string[], options: ServiceOptions = {}): Promise<Service> {
  const [program, ...words] = argv;
  if (program === undefined || program === '') throw new LifeboatError('input.flag', 'a program to run was not named');
  const { child, tail } =
    options.logFile === undefined ? piped(program, words, options) : logged(program, words, options, options.logFile);
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    child.once('error', () => resolve({ exitCode: null, signal: null }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(spawnError(program, error)));
  });
  const pid = child.pid as number;
  return {
    pid,
    ended,
    tail,
    stop: (signal = 'SIGTERM') => endGroup(pid, options.graceMs ?? limits.processGraceMs, signal),
  };
}

function piped(program: string, words: string[], options: ServiceOptions) {
  const child = spawnGroup(program, words, options, ['ignore', 'pipe', 'pipe']);
  const tails = [tailOf(child.stdout, 'stdout', options), tailOf(child.stderr, 'stderr', options)];
  return {
    child,
    tail: () =>
      tails
        .map((tail) => tail())
        .join('')
        .trim(),
  };
}

function logged(program: string, words: string[], options: ServiceOptions, logFile: string) {
  const log = openSync(logFile, 'a', 0o600);
  // What an earlier start said of its end is no reason for that of this one.
  const from = fstatSync(log).size;
  try {
    const child = spawnGroup(program, words, options, ['ignore', log, log]);
    // Nobody waits for it: it may go on when we end.
    child.unref();
    return { child, tail: () => endOfFile(logFile, from) };
  } finally {
    closeSync(log);
  }
}

function endOfFile(path: string, from: number): string {
  if (!existsSync(path)) return '';
  const content = readFileSync(path).subarray(from);
  return redact(
    content.subarray(Math.max(0, content.length - limits.outputTailBytes - limits.secretBytesMax)).toString('utf8'),
  )
    .slice(-limits.outputTailBytes)
    .trim();
}
