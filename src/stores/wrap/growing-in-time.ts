import type { Clock, LifeboatError } from '../../core/index.ts';
import type { GrowingObject } from '../store.ts';

interface Bounds {
  readonly clock: Clock;
  /** An addition that takes longer is given up. */
  readonly totalMs: number;
  givenUp(): LifeboatError;
}

/** So many looks in the time that an addition has: a timer for each of thousands a second would cost more than the addition. */
const looks = 20;

/** An object that grows, or is about to, bounded in time: also where the store beneath never answers. */
export async function growingInTime(begun: Promise<GrowingObject>, bounds: Bounds): Promise<GrowingObject> {
  const watch = new Watch(bounds);
  try {
    const growing = await watch.over(begun);
    return {
      add: (parts) => watch.over(growing.add(parts)),
      // Nobody gives up what holds the thread.
      takesNow: (bytes) => growing.takesNow(bytes),
      addNow: (bytes) => growing.addNow(bytes),
      close: async () => {
        watch.end();
        const closed = growing.close();
        // What was given up may hang for ever: it is closed when it comes back, and nobody waits for that.
        if (!watch.hasGivenUp) await closed;
      },
    };
  } catch (error) {
    watch.end();
    // Given up, it may still come.
    void begun.then((late) => late.close()).catch(() => {}); // it failed, as is said already
    throw error;
  }
}

class Watch {
  readonly #bounds: Bounds;
  readonly #ended = new AbortController();
  #pending: { readonly sinceMs: number; reject(error: LifeboatError): void } | undefined;

  hasGivenUp = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    void this.#look();
  }

  async over<T>(work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    this.#pending = { sinceMs: this.#bounds.clock.elapsed(), reject: late.reject };
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      this.#pending = undefined;
    }
  }

  end(): void {
    this.#ended.abort();
  }

  async #look(): Promise<void> {
    const { clock, totalMs, givenUp } = this.#bounds;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const pending = this.#pending;
      if (pending !== undefined && clock.elapsed() - pending.sinceMs >= totalMs) {
        this.hasGivenUp = true;
        pending.reject(givenUp());
      }
      await clock.sleep(totalMs / looks, signal).catch(() => {}); // it was ended
    }
  }
}
