import type { Clock } from '../../core/index.ts';

const waitMsMin = 60_000;
const waitMsMax = 600_000;

/** How long a store waits for its next try: doubled from one that did not do to the other, for each may read and write much. */
export class Wait {
  readonly #clock: Pick<Clock, 'elapsed'>;
  #last: { readonly sinceMs: number; readonly ms: number } | undefined;

  constructor(clock: Pick<Clock, 'elapsed'>) {
    this.#clock = clock;
  }

  get leftMs(): number {
    return this.#last === undefined ? 0 : Math.max(0, this.#last.sinceMs + this.#last.ms - this.#clock.elapsed());
  }

  /** One was tried, and did not do. */
  failed(): void {
    const ms = Math.min((this.#last?.ms ?? waitMsMin / 2) * 2, waitMsMax);
    this.#last = { sinceMs: this.#clock.elapsed(), ms };
  }

  /** There is reason to believe that the next one does: it is not waited for longer than after the first one. */
  shorten(): void {
    if (this.#last !== undefined) this.#last = { ...this.#last, ms: waitMsMin };
  }

  done(): void {
    this.#last = undefined;
  }
}
