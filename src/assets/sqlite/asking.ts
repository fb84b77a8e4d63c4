import { statSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { LifeboatError, limits, ownModule, ownThread, type ErrorCode } from '../../core/index.ts';
import { stopIfAsked } from '../stop.ts';
import { askNow, type Findings, type Question } from './pragmas.ts';

/** What the thread answers: an error as plain data, because the copy that threads make of one has lost its code. */
export type Answer = Findings | { readonly error: CarriedError };

export interface CarriedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where?: string | undefined;
  readonly hint?: string | undefined;
}

const program = ownModule('./asked', import.meta.url);

/**
 * What SQLite answers when it has read the whole database. It does that in one call, during which nothing else of its thread goes on: a
 * large one is read in another thread. When it is stopped the answer is given up at once; the thread ends as soon as SQLite lets go of it.
 * Throws what reading throws (`asset.unreadable`, `asset.corrupt`, `asset.changing`), and `operation.cancelled`.
 */
export async function asked(question: Question, signal?: AbortSignal): Promise<Findings> {
  stopIfAsked(signal, 'checking the database');
  const bytes = statSync(question.file, { throwIfNoEntry: false })?.size ?? 0;
  return bytes < limits.askedHereBytesMax ? askNow(question) : askThread(question, signal);
}

async function askThread(question: Question, signal?: AbortSignal): Promise<Findings> {
  const answered = Promise.withResolvers<Answer>();
  // Flags of the process (a test runner's loader, an inspector) are not for its threads.
  const worker = ownThread(program, { workerData: question, execArgv: [], env: threadEnvironment() });
  worker.on('message', (answer: Answer) => answered.resolve(answer));
  worker.on('error', (error) => answered.reject(lost(question, error)));
  worker.on('exit', () => answered.reject(lost(question)));
  const stop = (): void => {
    try {
      stopIfAsked(signal, 'checking the database');
    } catch (error) {
      answered.reject(error);
    }
  };
  signal?.addEventListener('abort', stop);
  try {
    const answer = await answered.promise;
    if (!('error' in answer)) return answer;
    const { code, message, where, hint } = answer.error;
    throw new LifeboatError(code, message, {
      ...(where === undefined ? {} : { where }),
      ...(hint === undefined ? {} : { hint }),
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    // It must not keep the process alive; its end is its own affair, because it only reads.
    worker.unref();
    void worker.terminate();
  }
}

/** Compiled code is kept where the process keeps its own: a thread would compile our sources anew at each start. */
function threadEnvironment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

const lost = ({ file }: Question, cause?: unknown): LifeboatError =>
  new LifeboatError('internal', `the thread that checks ${file} was lost`, {
    where: file,
    hint: 'Nothing was changed. Run again; if it happens again, check the memory of this machine.',
    cause,
  });
