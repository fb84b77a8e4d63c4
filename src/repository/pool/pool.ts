import { availableParallelism } from 'node:os';
import { limits } from '../../core/index.ts';
import type { OpenRequest, Reply, Request } from './messages.ts';
import { Thread } from './thread.ts';

interface Waiting {
  readonly request: Request;
  readonly transfer: readonly ArrayBuffer[];
  readonly done: PromiseWithResolvers<Reply>;
  readonly replied: (reply: Reply, thread: Thread) => void;
}

/** Threads of this process, shared by everything it does at once: there are only so many cores. They keep no process alive. */
export class Pool {
  readonly threads: readonly Thread[];
  readonly #queue: Waiting[] = [];

  /** `ended` is called when a thread is lost: the pool is of no use from then on. */
  constructor(size: number, ended: () => void, program?: URL) {
    this.threads = Array.from(
      { length: size },
      () =>
        new Thread(
          () => this.#hand(),
          (error) => void this.#fail(error, ended),
          program,
        ),
    );
  }

  /** The reply of the next thread that has room; `replied` also learns which one. Throws what the task threw. */
  run(
    request: Request,
    transfer: readonly ArrayBuffer[] = [],
    replied: (reply: Reply, thread: Thread) => void = () => {},
  ): Promise<Reply> {
    const done = Promise.withResolvers<Reply>();
    this.#queue.push({ request, transfer, done, replied });
    this.#hand();
    return done.promise;
  }

  #hand(): void {
    while (this.#queue.length > 0) {
      const thread = this.threads.reduce((best, one) => (one.tasks < best.tasks ? one : best));
      if (thread.tasks >= limits.tasksPerThread) return;
      const { request, transfer, done, replied } = this.#queue.shift() as Waiting;
      const asked = thread.ask(request, transfer).then((reply) => (replied(reply, thread), reply));
      asked.then(done.resolve, done.reject);
    }
  }

  /** One thread is lost, and with it what it had sealed: all work in threads fails, and the next starts anew. */
  async #fail(loss: Error, ended: () => void): Promise<void> {
    ended();
    const queued = this.#queue.splice(0);
    await Promise.all(this.threads.map((thread) => thread.stop(loss)));
    for (const { done } of queued) done.reject(loss);
  }
}

let shared: Pool | undefined;

/** The threads of this process for work on so many plain bytes; `undefined` for so little that they would not pay. */
export function poolFor(bytes: number): Pool | undefined {
  if (bytes < limits.threadedBytesMin) return undefined;
  shared ??= new Pool(Math.min(availableParallelism(), limits.threadsMax), () => (shared = undefined));
  return shared;
}

/** Opens chunks in a thread; returns the positions of those that are bad. Throws what writing threw. */
export async function openInThread(pool: Pool, request: OpenRequest): Promise<readonly number[]> {
  const { bad = [] } = await pool.run({ do: 'open', ...request }, [request.sealed.buffer as ArrayBuffer]);
  return bad;
}
