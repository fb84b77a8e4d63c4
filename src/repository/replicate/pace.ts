import type { Clock } from '../../core/index.ts';

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
