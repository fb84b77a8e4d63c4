import { limits, toLifeboatError, type Clock } from '../../core/index.ts';

export interface ViewOptions<T> {
  readonly clock: Clock;
  /** Changes when something happened that the view may show. */
  key(): string;
  make(): Promise<T>;
  /** A newer one is there. */
  renewed(): void;
  readonly freshMs?: number;
}

export interface Seen<T> {
  readonly value: T;
  /** When it was asked for, milliseconds since 1970. */
  readonly atMs: number;
  /** It may not be so any more, and is made anew now. */
  readonly renewing: boolean;
  /** How often it was made until this one; and what else is told of it beside the value. */
  readonly revision: string;
}

/**
 * What takes long to find out, kept: an answer is given at once while a newer one is made, and nobody makes two at a time. One that is
 * too old is waited for.
 */
export class View<T> {
  readonly #options: ViewOptions<T>;
  #made: { value: T; atMs: number; elapsedMs: number; key: string; tookMs: number } | undefined;
  #times = 0;
  #making: Promise<T> | undefined;

  constructor(options: ViewOptions<T>) {
    this.#options = options;
  }

  /** Throws what making throws, when there is nothing to show meanwhile. */
  async get(): Promise<Seen<T>> {
    const { clock, key, freshMs = limits.viewFreshMs } = this.#options;
    const made = this.#made;
    if (made === undefined) return this.#first();
    const ageMs = clock.elapsed() - made.elapsedMs;
    const isSame = made.key === key();
    if (isSame && ageMs < freshMs) return this.#seen(made, false);
    if (ageMs > limits.viewStaleMs) return this.#first();
    // Where things happen all the time it is made in a third of it at most.
    if (ageMs <= 3 * made.tookMs) return this.#seen(made, true);
    const renewal = this.#renew().catch(() => undefined); // the old one stands; who asks when it is too old hears why
    // What took a moment is waited for that long: nobody is shown what was, only to see it change.
    if (made.tookMs <= limits.viewQuickMs) await this.#briefly(renewal);
    const newest = this.#made ?? made;
    // Neither what could not be made anew nor what is behind already is said to be how it is now.
    return this.#seen(newest, newest === made || newest.key !== key());
  }

  async #briefly(renewal: Promise<unknown>): Promise<void> {
    const patience = new AbortController();
    const late = this.#options.clock.sleep(2 * limits.viewQuickMs, patience.signal).catch(() => undefined);
    await Promise.race([renewal, late]).finally(() => patience.abort());
  }

  async #first(): Promise<Seen<T>> {
    const value = await this.#renew();
    return this.#seen({ value, atMs: this.#made?.atMs ?? this.#options.clock.now() }, false);
  }

  #seen({ value, atMs }: { value: T; atMs: number }, renewing: boolean): Seen<T> {
    return { value, atMs, renewing, revision: `${this.#times} ${renewing}` };
  }

  #renew(): Promise<T> {
    this.#making ??= this.#make().finally(() => (this.#making = undefined));
    return this.#making;
  }

  async #make(): Promise<T> {
    const { clock, key, make, renewed } = this.#options;
    const [atMs, beganMs, keyThen] = [clock.now(), clock.elapsed(), key()];
    const value = await make().catch((error: unknown) => {
      throw toLifeboatError(error);
    });
    const elapsedMs = clock.elapsed();
    const isNew = this.#made !== undefined;
    this.#times += 1;
    this.#made = { value, atMs, elapsedMs, key: keyThen, tookMs: elapsedMs - beganMs };
    if (isNew) renewed();
    return value;
  }
}
