import { limits, toLifeboatError, type Clock, type LifeboatError } from '../core/index.ts';
import type { StreamLine } from '../operations/index.ts';

export interface StreamFact {
  readonly asset: string;
  /** The last line of state; undefined: it has said nothing yet. */
  readonly last: StreamLine | undefined;
  /** Why it ended, while it waits to begin again. */
  readonly error: LifeboatError | undefined;
}

export interface StreamsOptions {
  readonly clock: Clock;
  /** Keeps the log of one asset until the signal fires. */
  run(asset: string, say: (line: StreamLine) => void, signal: AbortSignal): Promise<void>;
  say(asset: string, words: string): void;
}

/** Keeps the stream of each asset under way: one that ends is begun again, and none ends another. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #facts = new Map<string, StreamFact>();
  #isOver = false;
  readonly #keeping: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  /** Once they were told to end, nothing begins any more: nobody would end it. */
  begin(assets: readonly string[]): void {
    if (this.#isOver) return;
    for (const asset of assets) {
      this.#facts.set(asset, { asset, last: undefined, error: undefined });
      const stop = new AbortController();
      this.#keeping.push({ stop, ended: this.#keep(asset, stop.signal) });
    }
  }

  facts(): StreamFact[] {
    return [...this.#facts.values()];
  }

  /** All that was received is stored when it resolves. */
  async end(reason: unknown): Promise<void> {
    this.#isOver = true;
    for (const { stop } of this.#keeping) stop.abort(reason);
    await Promise.all(this.#keeping.splice(0).map(({ ended }) => ended));
    this.#facts.clear();
  }

  #take(asset: string, line: StreamLine): void {
    // What happened is no state: a point that is taken beside it, and that it is connected again.
    if (line.state === 'base') return this.#options.say(asset, `${asset}: ${line.reason}`);
    if (line.state === 'resumed') return;
    this.#facts.set(asset, { asset, last: line, error: undefined });
  }

  async #keep(asset: string, signal: AbortSignal): Promise<void> {
    const { run, clock, say } = this.#options;
    while (!signal.aborted) {
      try {
        await run(asset, (line) => this.#take(asset, line), signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure = toLifeboatError(error);
        const { last } = this.#facts.get(asset) ?? { last: undefined };
        this.#facts.set(asset, { asset, last, error: failure });
        say(asset, `the stream of ${asset} ended, and is begun again: ${failure.message} [${failure.code}]`);
      }
      await clock.sleep(limits.streamAgainMs, signal).catch(() => {}); // told to end
    }
  }
}
