import { LifeboatError, limits, toLifeboatError, type Clock } from '../../core/index.ts';
import { stopped, throwIfStopped } from '../stopped.ts';
import type { GetOptions, GrowingObject, PutOptions, Store, StoredObject } from '../store.ts';
import { abilitiesOf } from './abilities.ts';
import { growingInTime } from './growing-in-time.ts';

export interface RetryOptions {
  clock: Clock;
  /** Calls of the store for one operation, the first included. */
  attemptsMax?: number;
  /** One operation with all its attempts and waits; then it is given up even if the store still keeps silent. */
  totalMs?: number;
  /** From 0 up to 1, spreads the waits of many writers; for tests. */
  random?: () => number;
}

/**
 * Repeats what failed with an error that may pass by itself (`retry: later`), with growing waits, and bounds every operation
 * in time, also when the store beneath never answers (`store.unreachable`). Other errors pass at once.
 *
 * A `put` with `ifAbsent` that failed may have succeeded with its answer lost; if a later attempt finds the object there, it is
 * read and compared, and the same bytes count as ours. Writers that compete for a name must therefore put different bytes.
 * A listing is repeated as a whole before its first name is given out.
 */
export function retrying(store: Store, options: RetryOptions): Store {
  const wrapped = new RetryingStore(store, options);
  return Object.assign(
    wrapped,
    abilitiesOf(store, (work) => wrapped.repeat(undefined, work)),
    // What fails there is asked for again here. Wrappers that count, or that fail on purpose, must not be gone round.
    store.fileOf === undefined ? {} : { fileOf: (name: string) => (store.fileOf as (name: string) => string)(name) },
    store.grow === undefined ? {} : { grow: wrapped.grow },
  );
}

class RetryingStore implements Store {
  readonly location: string;
  readonly atomicCreate: boolean;
  readonly #store: Store;
  readonly #options: Required<RetryOptions>;

  constructor(store: Store, options: RetryOptions) {
    this.location = store.location;
    this.atomicCreate = store.atomicCreate;
    this.#store = store;
    this.#options = {
      attemptsMax: limits.storeAttemptsMax,
      totalMs: limits.storeOperationMs,
      random: Math.random,
      ...options,
    };
  }

  put(name: string, parts: readonly Uint8Array[], options: PutOptions = {}): Promise<void> {
    return this.repeat(options.signal, async (attempt, signal) => {
      try {
        await this.#store.put(name, parts, { ...options, signal });
      } catch (error) {
        const mayBeOurs = attempt > 1 && options.ifAbsent === true && toLifeboatError(error).code === 'store.exists';
        if (!mayBeOurs || !holds(await this.#store.get(name, { signal }), parts)) throw error;
      }
    });
  }

  get(name: string, options: GetOptions = {}): Promise<Buffer> {
    return this.repeat(options.signal, (_, signal) => this.#store.get(name, { ...options, signal }));
  }

  stat(name: string): Promise<StoredObject | undefined> {
    return this.repeat(undefined, () => this.#store.stat(name));
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    yield* await this.repeat(undefined, () => Array.fromAsync(this.#store.list(prefix)));
  }

  remove(name: string): Promise<void> {
    return this.repeat(undefined, () => this.#store.remove(name));
  }

  /** Bounded in time, and tried once: whoever grows an object begins another one after a failure. */
  readonly grow = async (...words: Parameters<NonNullable<Store['grow']>>): Promise<GrowingObject> => {
    const { clock, totalMs } = this.#options;
    const bounds = { clock, totalMs, givenUp: () => this.#givenUp() };
    return growingInTime((this.#store as Required<Store>).grow(...words), bounds);
  };

  close(): Promise<void> {
    return this.#store.close();
  }

  async repeat<T>(
    asked: AbortSignal | undefined,
    work: (attempt: number, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    throwIfStopped(asked);
    const ended = new AbortController();
    const { signal } = ended;
    // What `AbortSignal.any` makes of two stays in the heap, with all that listens to it, until the collector has been through the whole of it.
    const stop = (): void => ended.abort(asked?.reason);
    asked?.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([this.#attempts(work, signal), this.#deadline(signal), whenStopped(signal)]);
    } finally {
      asked?.removeEventListener('abort', stop);
      // Ends the attempt that was given up, and the clock's wait for the deadline.
      ended.abort(over);
    }
  }

  async #attempts<T>(work: (attempt: number, signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { attemptsMax, clock } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(attempt, signal);
      } catch (error) {
        const ours = toLifeboatError(error);
        if (ours.retry !== 'later') throw ours;
        if (attempt >= attemptsMax) throw inVain(ours, attempt);
        await clock.sleep(this.#waitMs(attempt), signal);
      }
    }
  }

  /** Between a half and the whole of a time that doubles with each attempt. */
  #waitMs(attempt: number): number {
    const wholeMs = Math.min(limits.storeRetryMs * 2 ** (attempt - 1), limits.storeRetryMsMax);
    return wholeMs * (0.5 + this.#options.random() / 2);
  }

  async #deadline(signal: AbortSignal): Promise<never> {
    await this.#options.clock.sleep(this.#options.totalMs, signal);
    throw this.#givenUp();
  }

  #givenUp(): LifeboatError {
    const within = `${this.#options.totalMs / 1000} s`;
    return new LifeboatError('store.unreachable', `the store did not do its work within ${within}`, {
      where: this.location,
      hint: 'Look at the store and the way to it, and run again.',
    });
  }
}

/** Nobody hears it any more: an error of its own for each operation would be made in vain. */
const over = new LifeboatError('operation.cancelled', 'the operation has ended');

/** Rejects when the signal fires, for a store that does not heed it. */
function whenStopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(stopped(signal)), { once: true }));
}

function holds(found: Buffer, parts: readonly Uint8Array[]): boolean {
  let offset = 0;
  for (const part of parts) {
    if (!found.subarray(offset, offset + part.length).equals(part)) return false;
    offset += part.length;
  }
  return offset === found.length;
}

const inVain = (error: LifeboatError, attempts: number): LifeboatError =>
  new LifeboatError(error.code, `${error.message} (${attempts} attempts)`, {
    cause: error,
    ...(error.where === undefined ? {} : { where: error.where }),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
