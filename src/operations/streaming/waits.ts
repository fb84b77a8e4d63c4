import type { Clock } from '../../core/index.ts';

const waitMsMin = 60_000;
const waitMsMax = 600_000;

/** How long each store waits for its next try: doubled from one that did not do to the other, for each may read and write much. */
export class Waits {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #waits = new Map<string, { readonly sinceMs: number; readonly ms: number }>();

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  /** Whether a try did not do, and none since did. */
  has(store: string): boolean {
    return this.#waits.has(store);
  }

  leftMs(store: string): number {
    const wait = this.#waits.get(store);
    return wait === undefined ? 0 : wait.sinceMs + wait.ms - this.#clock.elapsed();
  }

  /** One was tried, and did not do. */
  failed(store: string): void {
    const ms = Math.min((this.#waits.get(store)?.ms ?? waitMsMin / 2) * 2, waitMsMax);
    this.#waits.set(store, { sinceMs: this.#clock.elapsed(), ms });
  }

  /** There is reason to believe that the next one does: it is not waited for longer than after the first one. */
  shorten(store: string): void {
    const wait = this.#waits.get(store);
    if (wait !== undefined) this.#waits.set(store, { ...wait, ms: waitMsMin });
  }

  done(store: string): void {
    this.#waits.delete(store);
  }
}
