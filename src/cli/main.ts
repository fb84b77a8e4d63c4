import { flushCompileCache } from 'node:module';
import { leaveAtOnce } from '../core/index.ts';
import { askAt } from './ask.ts';
import { installSignals } from './signals.ts';

/**
 * The command line: words in, exit code out. Loads as little as the words need.
 * Standard output carries results, standard error everything else.
 */
export async function main(words: readonly string[]): Promise<number> {
  const signal = installSignals(process, undefined, process.env['LIFEBOAT_NO_HANGUP'] !== undefined);
  delete process.env['LIFEBOAT_NO_HANGUP'];
  ignoreClosedPipes();
  process.on('exit', (exitCode) => {
    flushCompileCache();
    if (!isProfiled()) leaveAtOnce(exitCode);
  });
  const { runWords } = await import('./run-words.ts');
  const ask = askAt(process);
  const exitCode = await runWords(words, {
    ...(ask === undefined ? {} : { ask }),
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    folder: process.cwd(),
    signal,
  });
  await Promise.all([process.stdout, process.stderr].map(taken));
  return exitCode;
}

/** Node writes a profile (`--cpu-prof`, `--heap-prof`) as it ends by itself. */
const isProfiled = (): boolean =>
  [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].some((word) => word.includes('-prof'));

/** Resolves when what was written is with its reader, or nobody reads any more: a pipe takes 64 KiB, and what waits behind that would end with us. */
const taken = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => void stream.write('', () => resolve()));

/** `lifeboat points | head -1` closes the pipe early, a line that breaks takes its terminal along (EIO): the words have no reader any more. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    });
  }
}
