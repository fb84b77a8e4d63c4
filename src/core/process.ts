import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemClock } from './clock.ts';
import { LifeboatError, messageOf, systemCodeOf } from './errors.ts';
import { limits } from './limits.ts';
import { redact } from './secrets.ts';

export interface ProcessOptions {
  cwd?: string;
  /** The whole environment of the program; nothing is inherited but what is named here. Default: `PATH`, `LANG`, `HOME`, `TZ`. */
  env?: Record<string, string>;
  /** Run as this user (only root may); supplementary groups are dropped. */
  user?: { uid: number; gid: number };
  /** Ends the whole process group when it fires. */
  signal?: AbortSignal;
  timeoutMs?: number;
  /** Text for standard input; without it the input is empty. */
  input?: string | Uint8Array;
  /** What follows on standard input once it is known: until then that stays open. Never rejects. */
  inputAfter?: Promise<string>;
  /** Called for each piece of output, not yet redacted. */
  onOutput?: (piece: Buffer, from: 'stdout' | 'stderr') => void;
  graceMs?: number;
}

export interface ProcessResult {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  /** The last `limits.outputTailBytes` of each, redacted. */
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end in a process group of its own. When it times out or is aborted the *group* is ended
 * (SIGTERM, then SIGKILL after a grace) and its end is confirmed, so that no grandchild is left behind.
 * Any exit code resolves; `mustSucceed` turns a bad one into an error.
 * Throws `process.missing`, `process.timeout`, `operation.cancelled`, `process.unstoppable`.
 */
export async function runProcess(argv: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  const [program, ...words] = argv;
  if (program === undefined || program === '') throw new LifeboatError('input.flag', 'a program to run was not named');
  const child = spawnGroup(program, words, options, [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']);
  const tails = { stdout: tailOf(child.stdout, 'stdout', options), stderr: tailOf(child.stderr, 'stderr', options) };
  feed(child, options);
  const end = await endOf(child, program, options);
  return { ...end, stdout: tails.stdout(), stderr: tails.stderr() };
}

/** As `runProcess`, but an exit code other than 0 is `process.failed` with the end of what the program said. */
export async function mustSucceed(argv: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  const result = await runProcess(argv, options);
  if (result.exitCode === 0) return result;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-5).join('\n');
  const how = result.exitCode === null ? `was ended by ${result.signal}` : `ended with exit code ${result.exitCode}`;
  throw new LifeboatError('process.failed', `${argv[0]} ${how}${said === '' ? '' : `: ${said}`}`);
}

/**
 * Ends every process of the group and returns only when none is left. `first` is sent, then SIGKILL after `graceMs`.
 * Throws `process.unstoppable` if the kernel does not bury the group.
 */
export async function endGroup(
  pgid: number,
  graceMs: number = limits.processGraceMs,
  first: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  if (!signalGroup(pgid, first)) return;
  if (await groupGone(pgid, graceMs)) return;
  signalGroup(pgid, 'SIGKILL');
  if (await groupGone(pgid, limits.processBuryMs)) return;
  throw new LifeboatError('process.unstoppable', `process group ${pgid} is still there after SIGKILL`, {
    hint: 'It hangs in the kernel (a dead disk or network file system). Look with: ps -o pid,stat,wchan,cmd -g ' + pgid,
  });
}

/** Whether a process of this id exists (and is not a zombie that only waits to be read). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

/** What every program gets unless told otherwise: enough to find programs and speak, nothing secret. */
export function plainEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = ['PATH', 'LANG', 'LC_ALL', 'HOME', 'TZ', 'TMPDIR'];
  const plain = kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return { ...Object.fromEntries(plain), ...extra };
}

/** For this room: spawns in a process group of its own. Throws `process.missing`, `process.failed`, `operation.cancelled`. */
export function spawnGroup(
  program: string,
  words: string[],
  options: ProcessOptions,
  stdio: StdioOptions,
): ChildProcess {
  if (options.signal?.aborted) throw cancelled(program);
  try {
    return spawn(program, words, {
      detached: true,
      stdio,
      env: options.env ?? plainEnvironment(),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.user === undefined ? {} : options.user),
    });
  } catch (error) {
    throw spawnError(program, error);
  }
}

function feed({ stdin }: ChildProcess, { input, inputAfter }: ProcessOptions): void {
  if (input === undefined || stdin === null) return;
  // A program may end without reading its input; its exit code tells whether that was right.
  stdin.on('error', () => {});
  if (inputAfter === undefined) stdin.end(input);
  else {
    stdin.write(input);
    void inputAfter.then((rest) => stdin.end(rest));
  }
}

function endOf(
  child: ChildProcess,
  program: string,
  options: ProcessOptions,
): Promise<Pick<ProcessResult, 'exitCode' | 'signal'>> {
  return new Promise((resolve, reject) => {
    let giveUp: LifeboatError | undefined;
    let groupEnded: Promise<void> = Promise.resolve();
    const stopWatching = new AbortController();
    const end = (reason: LifeboatError): void => {
      if (giveUp !== undefined || child.pid === undefined) return;
      giveUp = reason;
      groupEnded = endGroup(child.pid, options.graceMs ?? limits.processGraceMs);
      // What left the group may still hold the pipes open: nobody reads them any more, and nobody waits for it.
      groupEnded.then(() => closePipes(child)).catch(reject);
    };
    const onAbort = (): void => end(cancelled(program));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    if (options.timeoutMs !== undefined) {
      const late = `${program} took longer than ${options.timeoutMs / 1000} s and was ended`;
      systemClock.sleep(options.timeoutMs, stopWatching.signal).then(
        () => end(new LifeboatError('process.timeout', late)),
        () => {}, // the program ended in time, so nobody waits for this sleep any more
      );
    }
    const settle = (): void => {
      stopWatching.abort();
      options.signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (error) => {
      settle();
      reject(spawnError(program, error));
    });
    child.once('close', (exitCode, signal) => {
      settle();
      const reason = giveUp;
      if (reason === undefined) resolve({ exitCode, signal });
      // The pipes may close before the last of the group is buried: its end is confirmed first.
      else groupEnded.then(() => reject(reason), reject);
    });
  });
}

function closePipes({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy();
  stderr?.destroy();
}

/** More than is shown, so that no secret that is shown in part was cut before it could be seen as one. */
const tailBytesMax = limits.outputTailBytes + limits.secretBytesMax;

export function tailOf(stream: Readable | null, from: 'stdout' | 'stderr', options: ProcessOptions): () => string {
  let tail = Buffer.alloc(0);
  stream?.on('data', (piece: Buffer) => {
    options.onOutput?.(piece, from);
    tail = Buffer.concat([tail, piece]);
    if (tail.length > tailBytesMax) tail = tail.subarray(tail.length - tailBytesMax);
  });
  // Redacted before it is cut: a secret across the cut would no longer be known by its second half.
  return () => redact(tail.toString('utf8')).slice(-limits.outputTailBytes);
}

/** False when the group no longer exists. */
function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    return systemCodeOf(error) === 'EPERM';
  }
}

async function groupGone(pgid: number, withinMs: number): Promise<boolean> {
  const until = systemClock.elapsed() + withinMs;
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 2, 50)) {
    if (!signalGroup(pgid, 0)) return true;
    if (systemClock.elapsed() >= until) return false;
    await systemClock.sleep(waitMs);
  }
}

const cancelled = (program: string): LifeboatError =>
  new LifeboatError('operation.cancelled', `${program} was stopped on request`);

export function spawnError(program: string, error: unknown): LifeboatError {
  if (systemCodeOf(error) === 'ENOENT') {
    return new LifeboatError('process.missing', `${program} is not installed or not on the PATH`, { cause: error });
  }
  return new LifeboatError('process.failed', `${program} could not be started: ${messageOf(error)}`, { cause: error });
}

/**
 * When a process started, in the kernel's ticks since boot: with the process number it names one process for good.
 * Undefined if there is no such process, or the system does not tell.
 */
export function processStart(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may itself hold brackets and spaces.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
