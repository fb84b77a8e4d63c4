import type { Clock } from './clock.ts';

/**
 * Tells whether something that is usually quick has become slow, by a bucket that fills with what each try takes beyond its measure and
 * drains with what it takes less: one late answer on a busy machine means nothing, a file server far away shows soon.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #measureMs: number;
  #lateMs = 0;

  constructor(clock: Clock, measureMs: number) {
    this.#clock = clock;
    this.#measureMs = measureMs;
  }

  get isLost(): boolean {
    return this.#lateMs > 10 * this.#measureMs;
  }

  /** Starts anew with half of what was there: the next tries show soon whether anything has changed. */
  regain(): void {
    this.#lateMs = 5 * this.#measureMs;
  }

  measure<T>(work: () => T): T {
    const startedMs = this.#clock.elapsed();
    try {
      return work();
    } finally {
      const lateMs = this.#clock.elapsed() - startedMs - this.#measureMs;
      // However late a single try is, it counts as one: other programs may have had the processor meanwhile.
      this.#lateMs = Math.max(0, this.#lateMs + Math.min(lateMs, this.#measureMs));
    }
  }
}
