import type { Clock } from '../../core/index.ts';
import type { Store } from '../../stores/index.ts';

/** Lets bytes pass at a rate: each waits until all before it would have passed. */
export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number | undefined;
  #freeAtMs = 0;

  constructor(clock: Clock, bytesPerSecond: number | undefined) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  async pass(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (this.#bytesPerSecond === undefined) return;
    const nowMs = this.#clock.elapsed();
    const startMs = Math.max(this.#freeAtMs, nowMs);
    this.#freeAtMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
  }
}

/** A store of which each `put` tells how many bytes it brings before it does. Its owner closes it. */
export const watched = (store: Store, before: (bytes: number) => Promise<void>): Store => ({
  location: store.location,
  atomicCreate: store.atomicCreate,
  put: async (name, parts, options) => {
    await before(parts.reduce((total, { length }) => total + length, 0));
    await store.put(name, parts, options);
  },
  get: (name, options) => store.get(name, options),
  stat: (name) => store.stat(name),
  list: (prefix) => store.list(prefix),
  remove: (name) => store.remove(name),
  close: async () => {},
});
