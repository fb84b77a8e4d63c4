import { messageOf } from './errors.ts';
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
  options: Pick<ProcessOptions, 'cwd' | 'env' | 'user' | 'graceMs'> = {},
): Promise<ProcessStream> {
  const [program, ...words] = argv;
  const child = spawnGroup(program, words, options, ['ignore', 'pipe', 'pipe']);
  const stderr = tailOf(child.stderr, 'stderr', options);
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
  const [pid, output] = [child.pid as number, child.stdout as AsyncIterable<Uint8Array> & { destroy(): void }];
  const stop = async (): Promise<void> => {
    await endGroup(pid, options.graceMs ?? limits.processGraceMs);
    // What left the group may still hold the pipes open: nobody reads them any more.
    output.destroy();
    child.stderr?.destroy();
  };
  return { pid, output, ended, stop };
}
