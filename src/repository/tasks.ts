/** At most `size` holders at a time; others wait in the order they came. */
export class Gate {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Throws the signal's reason when it fires before there is room. */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const leave = (): void => {
      const at = this.#waiting.indexOf(resolve);
      if (at >= 0) this.#waiting.splice(at, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      this.leave();
    }
  }
}

/** Holders of at most so much in all; others wait in the order they came. One that alone is more enters when all have left. */
export class Budget {
  readonly #most: number;
  #held = 0;
  readonly #waiting: { amount: number; enter: () => void }[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  async enter(amount: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(amount)) {
      this.#held += amount;
      return;
    }
    await new Promise<void>((enter) => this.#waiting.push({ amount, enter }));
  }

  async within<T>(amount: number, work: () => Promise<T>): Promise<T> {
    await this.enter(amount);
    try {
      return await work();
    } finally {
      this.leave(amount);
    }
  }

  leave(amount: number): void {
    this.#held -= amount;
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.amount); next = this.#waiting[0]) {
      this.#held += next.amount;
      this.#waiting.shift();
      next.enter();
    }
  }

  #fits(amount: number): boolean {
    return this.#held === 0 || this.#held + amount <= this.#most;
  }
}

/** Runs `work` for each item, at most `width` at a time; after the first error nothing new starts, and it is thrown when all ended. */
export async function forEachOf<T>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  try {
    for await (const item of items) {
      while (running.size >= width) await Promise.race(running);
      if (errors.length > 0) break;
      const task: Promise<void> = work(item)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => running.delete(task));
      running.add(task);
    }
  } finally {
    await Promise.all(running);
  }
  if (errors.length > 0) throw errors[0];
}

/**
 * As `forEachOf`, in lanes that keep apart: two of them begin at the ends of a list and meet somewhere inside it, each pair of
 * lanes on a list of its own. Up to `width` items of a lane are under way at a time.
 */
export async function inLanes<T>(
  items: readonly T[],
  lanes: number,
  width: number,
  work: (item: T, lane: number) => Promise<void>,
): Promise<void> {
  const lists = Math.ceil(lanes / 2);
  const parts = Array.from({ length: lists }, (_, i) =>
    items.slice(Math.floor((items.length * i) / lists), Math.floor((items.length * (i + 1)) / lists)),
  );
  let failed = false;
  const next = (lane: number): T | undefined => {
    if (failed) return undefined;
    const own = parts[lane >> 1] as T[];
    const part = own.length > 0 ? own : parts.reduce((most, one) => (one.length > most.length ? one : most));
    return lane % 2 === 0 ? part.shift() : part.pop();
  };
  function* itemsOf(lane: number): Generator<T> {
    for (let item = next(lane); item !== undefined; item = next(lane)) yield item;
  }
  const ended = await Promise.allSettled(
    Array.from({ length: lanes }, (_, lane) =>
      forEachOf(itemsOf(lane), width, (item) => work(item, lane)).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

/** Values of one promise after another, with up to `ahead` more already under way. */
export async function* readAhead<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const queue: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const task = work(item);
      // The queue is awaited in order; until then a failure of a later task must not look unhandled.
      task.catch(() => {});
      queue.push(task);
      if (queue.length > ahead) yield await (queue.shift() as Promise<R>);
    }
    while (queue.length > 0) yield await (queue.shift() as Promise<R>);
  } finally {
    await Promise.allSettled(queue);
  }
}
