import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LifeboatError, messageOf } from './errors.ts';
import { limits } from './limits.ts';
import { endGroup, spawnError, spawnGroup, tailOf, type ProcessOptions, type ProcessResult } from './process.ts';

/** A program whose output is read piece by piece, as fast as its reader goes. */
export interface ProcessStream {
  readonly pid: number;
  /** Standard output, once and in order; ends when the program closes it, which says nothing of how the program ended. */
  readonly output: AsyncIterable<Uint8Array>;
  /** How it ended; `stdout` is empty, for it was read by others. Never rejects. */
  readonly ended: Promise<ProcessResult>;
  /** Ends the whole group and confirms it. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a program in a process group of its own, to be read with back-pressure: it waits while nobody reads. Whoever starts it
 * must `stop` it, also after its end. Throws `process.missing`, `process.failed`, `operation.cancelled`.
 */
export async function streamProcess(
  argv: readonly [string, ...string[]],
  options: Pick<ProcessOptions, 'cwd' | 'env' | 'user' | 'graceMs'> & {
    readonly input?: AsyncIterable<Uint8Array>;
  } = {},
): Promise<ProcessStream> {
  const [program, ...words] = argv;
  const { input, ...how } = options;
  const child = spawnGroup(program, words, how, [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']);
  const stderr = tailOf(child.stderr, 'stderr', how);
  // Its last words come after its end: `close` waits for the pipe they come through, `exit` would not.
  const said = new Promise<void>((resolve) => {
    child.stderr?.once('close', resolve);
  });
  const ended = new Promise<ProcessResult>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      void said.then(() => resolve({ exitCode, signal, stdout: '', stderr: stderr() }));
    });
    child.once('error', (error) => resolve({ exitCode: null, signal: null, stdout: '', stderr: messageOf(error) }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(spawnError(program, error)));
  });
  if (input !== undefined && child.stdin !== null) feedFrom(input, child.stdin, child.stdout);
  const [pid, stdout] = [child.pid as number, child.stdout as Readable];
  let isStopped = false;
  const output = untilStopped(stdout, () => isStopped);
  const stop = async (): Promise<void> => {
    await endGroup(pid, options.graceMs ?? limits.processGraceMs);
    // What left the group may still hold the pipes open: nobody reads them any more.
    isStopped = true;
    stdout.destroy();
    child.stderr?.destroy();
  };
  return { pid, output, ended, stop };
}

/** For whoever still reads, what was stopped is over: how the program ended is said elsewhere. */
async function* untilStopped(stdout: Readable, isStopped: () => boolean): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* stdout as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!isStopped() || (error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

/** What goes wrong with the input is met by whoever reads the output, or a shorter input would pass for the whole. */
function feedFrom(input: AsyncIterable<Uint8Array>, stdin: Writable, stdout: Readable | null): void {
  pipeline(Readable.from(input, { objectMode: false }), stdin).catch((error: unknown) => {
    // The program had enough, or failed: its exit code says which.
    const { code } = error as { code?: string };
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') stdout?.destroy(error as Error);
  });
}

/**
 * The output of a program that is fed from `input`, to its end. Throws what went wrong with the input, `process.missing`, `process.failed`
 * with the program's last words, and `operation.cancelled`.
 */
export async function* filtered(
  argv: readonly [string, ...string[]],
  input: AsyncIterable<Uint8Array> | undefined,
  options: Pick<ProcessOptions, 'cwd' | 'env' | 'signal'> = {},
): AsyncGenerator<Uint8Array, void, void> {
  const { signal, ...rest } = options;
  const program = await streamProcess(argv, { ...rest, ...(input === undefined ? {} : { input }) });
  const onAbort = (): void => void program.stop().catch(() => {}); // said again below
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    yield* program.output;
    const { exitCode, signal: endedBy, stderr } = await program.ended;
    if (signal?.aborted === true) throw new LifeboatError('operation.cancelled', `${argv[0]} was stopped on request`);
    if (exitCode === 0) return;
    const how = exitCode === null ? `was ended by ${endedBy}` : `ended with exit code ${exitCode}`;
    throw new LifeboatError('process.failed', `${argv[0]} ${how}: ${stderr.trim().slice(-500)}`);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await program.stop();
  }
}
