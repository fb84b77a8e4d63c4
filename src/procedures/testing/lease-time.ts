import { ManualClock, systemClock, type Clock } from '../../core/index.ts';
import type { Store, StoredObject } from '../../stores/index.ts';

/**
 * Time that several machines in one process share, and that passes by itself, a little at each turn of the event loop: a busy machine slows it
 * down as it slows the runners down, so that minutes of waiting for a lease take no time and depend on none. It stands still while a
 * store works.
 */
export class LeaseTime {
  readonly clock = new ManualClock(systemClock.now());
  #working = 0;
  #isOver = false;
  readonly #passing = this.#pass();

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#passing;
  }

  /** A store for whose work nobody is given time. */
  watched(store: Store): Store {
    const { location, atomicCreate } = store;
    return {
      location,
      atomicCreate,
      put: (...words) => this.#during(() => store.put(...words)),
      get: (...words) => this.#during(() => store.get(...words)),
      stat: (name) => this.#during(() => store.stat(name)),
      remove: (name) => this.#during(() => store.remove(name)),
      close: () => store.close(),
      list: (prefix) => this.#listed(store.list(prefix)),
    };
  }

  async #during<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#working += 1;
    try {
      return await work();
    } finally {
      this.#working -= 1;
    }
  }

  async *#listed(list: AsyncIterable<StoredObject>): AsyncGenerator<StoredObject> {
    this.#working += 1;
    try {
      yield* list;
    } finally {
      this.#working -= 1;
    }
  }

  async #pass(): Promise<void> {
    while (!this.#isOver) {
      if (this.#working === 0) await this.clock.advance(stepMs);
      await systemClock.sleep(1);
    }
  }
}

/** Far below what a lease leaves between two renewals. */
const stepMs = 25;

/** A machine that can be put to sleep: its timers stop, and its clock that never jumps stands still, as on a suspended one. */
export class SleepyClock implements Clock {
  readonly #real: Clock;
  #sleeping: PromiseWithResolvers<void> | undefined;
  #fellAsleepMs = 0;
  #sleptMs = 0;

  constructor(real: Clock) {
    this.#real = real;
  }

  now(): number {
    return this.#real.now();
  }

  elapsed(): number {
    return (this.#sleeping === undefined ? this.#real.elapsed() : this.#fellAsleepMs) - this.#sleptMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.#real.sleep(ms, signal);
    await this.#sleeping?.promise;
  }

  fallAsleep(): void {
    this.#fellAsleepMs = this.#real.elapsed();
    this.#sleeping = Promise.withResolvers();
  }

  wakeUp(): void {
    this.#sleptMs += this.#real.elapsed() - this.#fellAsleepMs;
    this.#sleeping?.resolve();
    this.#sleeping = undefined;
  }
}
