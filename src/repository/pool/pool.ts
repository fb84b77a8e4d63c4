import { availableParallelism } from 'node:os';
import { limits, systemCalls } from '../../core/index.ts';
import type { OpenRequest, PlaceRequest, Reply, Request } from './messages.ts';
import { Thread } from './thread.ts';

interface Waiting {
  /** The thread that shall do it; any, without one. */
  readonly lane: number | undefined;
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

  /** The reply of the next thread that has room, or of that of the lane; `replied` also learns which one. Throws what the task threw. */
  run(
    request: Request,
    transfer: readonly ArrayBuffer[] = [],
    replied: (reply: Reply, thread: Thread) => void = () => {},
    lane?: number,
  ): Promise<Reply> {
    const done = Promise.withResolvers<Reply>();
    this.#queue.push({ lane, request, transfer, done, replied });
    this.#hand();
    return done.promise;
  }

  #hand(): void {
    for (let at = 0; at < this.#queue.length;) {
      const waiting = this.#queue[at] as Waiting;
      const { lane, done } = waiting;
      const thread = this.#threadFor(lane);
      if (thread.tasks >= limits.tasksPerThread) {
        // Who waits for this thread does not hold up who waits for another.
        if (lane === undefined) return;
        at += 1;
        continue;
      }
      this.#queue.splice(at, 1);
      ask(thread, waiting).then(done.resolve, done.reject);
    }
  }

  #threadFor(lane: number | undefined): Thread {
    if (lane !== undefined) return this.threads[lane % this.threads.length] as Thread;
    return this.threads.reduce((best, one) => (one.tasks < best.tasks ? one : best));
  }

  /** One thread is lost, and with it what it had sealed: all work in threads fails, and the next starts anew. */
  async #fail(loss: Error, ended: () => void): Promise<void> {
    ended();
    const queued = this.#queue.splice(0);
    await Promise.all(this.threads.map((thread) => thread.stop(loss)));
    for (const { done } of queued) done.reject(loss);
  }
}

/** What cannot be handed over (no memory for its copy) fails by itself: what made room for it was another's reply. */
async function ask(thread: Thread, { request, transfer, replied }: Waiting): Promise<Reply> {
  const reply = await thread.ask(request, transfer);
  replied(reply, thread);
  return reply;
}

let shared: Pool | undefined;

/** The threads of this process for work on so many plain bytes; `undefined` for so little that they would not pay. */
export function poolFor(bytes: number): Pool | undefined {
  if (bytes < limits.threadedBytesMin) return undefined;
  shared ??= startPool();
  return shared;
}

/** How many of them there are, where there are any. */
export const threadsOfPool = (): number => Math.min(availableParallelism(), limits.threadsMax);

/** Threads take memory of their own: what was freed until now is nothing to them, and goes back first. */
function startPool(): Pool {
  systemCalls()?.giveBackFreed();
  return new Pool(threadsOfPool(), () => (shared = undefined));
}

/** Lets the threads for work on so many bytes begin before there is any: they take a tenth of a second to start. */
export const startThreads = (bytes: number): void => void poolFor(bytes);

/** Opens chunks in a thread; returns the positions of those that are bad. Throws what writing threw. */
export async function openInThread(pool: Pool, request: OpenRequest, lane?: number): Promise<readonly number[]> {
  const { bad = [] } = await pool.run(
    { do: 'open', ...request },
    [request.sealed.buffer as ArrayBuffer],
    undefined,
    lane,
  );
  return bad;
}

/** Writes chunks to their places in a thread; returns the positions of those that are bad or cannot be read. Throws what writing threw. */
export async function placeInThread(pool: Pool, request: PlaceRequest, lane?: number): Promise<readonly number[]> {
  const { bad = [] } = await pool.run({ do: 'place', ...request }, [], undefined, lane);
  return bad;
}
