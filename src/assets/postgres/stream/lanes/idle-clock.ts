import { limits, toLifeboatError, type LifeboatError } from '../../../../core/index.ts';
import type { LogClock, LogWriter } from '../../../log.ts';
import type { ClockSample } from '../received/window.ts';

/** How much sooner than the others the first note of an idle stretch is written: most stretches are short. */
const firstShare = 5;

/**
 * Writes down the clock of a server that is idle, now and then, beside one store's log: nothing was committed and nothing lost, and without
 * such a note nobody could tell that afterwards from a stream that was cut off.
 */
export class IdleClock {
  readonly #log: LogWriter;
  readonly #timeline: number;
  readonly #everyMs: number;
  #earlier: LogClock[];
  /** Since when, by the server's clock, the store has had all there is, and the log has not grown. */
  #stretch: { readonly position: bigint; readonly saidMs: number; readonly isNew: boolean } | undefined;
  #failure: LifeboatError | undefined;
  #writing: Promise<void> | undefined;

  constructor(log: LogWriter, timeline: number, clocks: readonly LogClock[], everyMs: number = limits.streamIdleMs) {
    this.#log = log;
    this.#timeline = timeline;
    this.#everyMs = everyMs;
    this.#earlier = clocks.filter((clock) => clock.timeline === timeline);
  }

  /** Why the last note was not written: also an idle store that is away is seen. */
  get failure(): LifeboatError | undefined {
    return this.#failure;
  }

  /** The server's clock, and how far the store has its log. */
  note({ position, atMs }: ClockSample, durable: bigint): void {
    if (position > durable) {
      this.#stretch = undefined;
      return;
    }
    if (this.#stretch?.position !== position) this.#stretch = { position, saidMs: atMs, isNew: true };
    const dueMs = this.#stretch.isNew ? this.#everyMs / firstShare : this.#everyMs;
    if (this.#writing !== undefined || atMs - this.#stretch.saidMs < dueMs) return;
    this.#writing = this.#write({ timeline: this.#timeline, position, atMs }).finally(
      () => (this.#writing = undefined),
    );
  }

  async end(): Promise<void> {
    await this.#writing;
  }

  async #write(clock: LogClock): Promise<void> {
    try {
      await this.#log.appendClock(clock, this.#earlier);
      this.#earlier = [clock];
      this.#failure = undefined;
      if (this.#stretch?.position === clock.position)
        this.#stretch = { position: clock.position, saidMs: clock.atMs, isNew: false };
    } catch (error) {
      // Shown with the state; the next look tries again.
      this.#failure = toLifeboatError(error);
    }
  }
}
