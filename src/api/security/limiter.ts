import { LifeboatError, limits, type Clock } from '../../core/index.ts';

/** Counts what one name did in the last while, by the clock that never jumps. */
export class Limiter {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #windowMs: number;
  readonly #seen = new Map<string, { sinceMs: number; before: number; now: number }>();

  constructor(clock: Clock, most: number, windowMs: number) {
    this.#clock = clock;
    this.#most = most;
    this.#windowMs = windowMs;
  }

  /** Throws `api.busy` when that was enough. */
  mustBeFree(name: string): void {
    if (this.#countOf(name) < this.#most) return;
    throw new LifeboatError('api.busy', 'that was asked too often', { hint: 'Wait a while, and try again.' });
  }

  note(name: string): void {
    const seen = this.#of(name);
    seen.now += 1;
    // The newest stand last.
    this.#seen.delete(name);
    this.#seen.set(name, seen);
    if (this.#seen.size > limits.callersCountedMax) this.#seen.delete(this.#seen.keys().next().value as string);
  }

  /** One that was noted was none. */
  takeBack(name: string): void {
    const seen = this.#seen.get(name);
    if (seen !== undefined && seen.now > 0) seen.now -= 1;
  }

  forget(name: string): void {
    this.#seen.delete(name);
  }

  /** Of this window, and the part of the one before that a window back from now still reaches. */
  #countOf(name: string): number {
    if (!this.#seen.has(name)) return 0;
    const { sinceMs, before, now } = this.#of(name);
    const share = 1 - (this.#clock.elapsed() - sinceMs) / this.#windowMs;
    return now + Math.floor(before * share);
  }

  #of(name: string): { sinceMs: number; before: number; now: number } {
    const nowMs = this.#clock.elapsed();
    const seen = this.#seen.get(name) ?? { sinceMs: nowMs, before: 0, now: 0 };
    const windows = Math.floor((nowMs - seen.sinceMs) / this.#windowMs);
    if (windows > 0) {
      seen.before = windows === 1 ? seen.now : 0;
      seen.now = 0;
      seen.sinceMs += windows * this.#windowMs;
    }
    return seen;
  }
}
