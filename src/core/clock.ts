import { setTimeout as delay } from 'node:timers/promises';

/** Where all time comes from. Nothing outside this file reads the system's clock or sleeps. */
export interface Clock {
  /** Wall time, whole milliseconds since 1970. */
  now(): number;
  /** A clock that never jumps, milliseconds since some start: for durations. */
  elapsed(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const timerMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      // A timer of the system cannot be set further ahead, and fires at once when it is.
      for (let left = ms; left > 0 || left === ms; left -= timerMsMax)
        await delay(Math.min(left, timerMsMax), undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/** A clock for tests: stands still until `advance`, which wakes the sleepers whose time has come, in order. */
export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #sleepers: { at: number; wake: () => void }[] = [];

  constructor(nowMs = Date.parse('2026-01-05T08:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { at: this.#elapsedMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    });
  }

  async advance(ms: number): Promise<void> {
    const until = this.#elapsedMs + ms;
    for (;;) {
      const next = this.#sleepers.filter((sleeper) => sleeper.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#move(next.at - this.#elapsedMs);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      next.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#move(until - this.#elapsedMs);
  }

  #move(ms: number): void {
    this.#nowMs += ms;
    this.#elapsedMs += ms;
  }
}

/** `2026-11-21T03:57:00.000Z` from milliseconds since 1970. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();
