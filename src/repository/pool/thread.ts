import { getCompileCacheDir } from 'node:module';
import type { Worker } from 'node:worker_threads';
import { LifeboatError, limits, messageOf, ownModule, ownThread } from '../../core/index.ts';
import { errorOf, type CarriedError } from './carried.ts';
import type { Reply, Request } from './messages.ts';

const ownProgram = ownModule('./worker', import.meta.url);

/** What a thread answers with: the number of the task, and an error if it failed. */
interface Answer {
  readonly task: number;
  readonly error?: CarriedError;
}

/** One thread and what it was asked. It keeps the process alive only while it owes an answer. */
export class Thread<Asked = Request, Answered extends Answer = Reply> {
  readonly #worker: Worker;
  readonly #asked = new Map<number, PromiseWithResolvers<Answered>>();
  readonly #onRoom: () => void;
  #next = 0;
  #ended: Error | undefined;

  /** `onRoom` is called whenever a task has ended, `lost` once if the thread ends by itself. */
  constructor(onRoom: () => void, lost: (error: Error) => void, program: URL = ownProgram) {
    this.#onRoom = onRoom;
    // Flags of the process (a test runner's loader, an inspector) are not for its threads.
    this.#worker = ownThread(program, {
      execArgv: [],
      env: threadEnvironment(),
      resourceLimits: { maxYoungGenerationSizeMb: limits.threadYoungMiBMax },
    });
    this.#worker.unref();
    this.#worker.on('message', (reply: Answered) => this.#take(reply));
    this.#worker.on('error', (error) => lost(lostThread(messageOf(error), error)));
    this.#worker.on('exit', (code) => {
      if (this.#ended === undefined) lost(lostThread(`it ended with ${code}`));
    });
  }

  get tasks(): number {
    return this.#asked.size;
  }

  /** Requests are answered in the order they are made. Throws what the task threw. */
  ask(request: Asked, transfer: readonly ArrayBuffer[] = []): Promise<Answered> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const task = this.#next;
    this.#next += 1;
    const done = Promise.withResolvers<Answered>();
    // First: of what cannot be handed over (no memory for its copy) nothing is owed, and the process may end.
    this.#worker.postMessage({ task, request }, [...transfer]);
    if (this.#asked.size === 0) this.#worker.ref();
    this.#asked.set(task, done);
    return done.promise;
  }

  /** Ends the thread; whatever it owes fails with this error once it has ended. */
  async stop(error: Error): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    // Until then it may be writing to a file whose number would soon be another file's.
    await this.#worker.terminate();
    for (const done of asked) done.reject(error);
  }

  #take(reply: Answered): void {
    const done = this.#asked.get(reply.task);
    this.#asked.delete(reply.task);
    if (this.#asked.size === 0) this.#worker.unref();
    if (reply.error === undefined) done?.resolve(reply);
    else done?.reject(errorOf(reply.error));
    this.#onRoom();
  }
}

/** Of what the process has only where compiled code is kept: a thread would compile our sources anew at each start. */
function threadEnvironment(): NodeJS.ProcessEnv {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

const lostThread = (why: string, cause?: unknown): LifeboatError =>
  new LifeboatError('internal', `a thread that seals and opens chunks was lost: ${why}`, {
    hint: 'Nothing half done counts. Run again; if it happens again, check the memory of this machine.',
    cause,
  });
