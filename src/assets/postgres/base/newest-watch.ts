import { systemClock } from '../../../core/index.ts';
import type { Newest } from '../../asset.ts';

/** Counting rows is work for the source: it does so for at most a twentieth of the time, and no oftener than this. */
const pauseMsMin = 2_000;
const workShare = 20;

export interface Measuring {
  measure(): Promise<Newest>;
  /** Where the server's log is now. */
  position(): Promise<bigint>;
}

/**
 * Asks the plan's own queries beside a running backup. What a query saw was in the log before the position that is read after it;
 * if that position is not after the end of the backup, all of it is in the backup. So a point says "at least this".
 */
export class NewestWatch {
  readonly #measuring: Measuring;
  readonly #seen: { newest: Newest; lsn: bigint }[] = [];
  readonly #stopped = new AbortController();
  #done: Promise<void> = Promise.resolve();
  #pauseMs = pauseMsMin;

  constructor(measuring: Measuring) {
    this.#measuring = measuring;
  }

  /** Measures once, then goes on beside the backup. Throws what the first measure throws. */
  async begin(): Promise<void> {
    await this.#look();
    this.#done = this.#watch();
  }

  async latestBefore(end: bigint): Promise<Newest | undefined> {
    await this.stop();
    return this.#seen.findLast(({ lsn }) => lsn <= end)?.newest;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#done;
  }

  async #look(): Promise<void> {
    const startedMs = systemClock.elapsed();
    const newest = await this.#measuring.measure();
    this.#seen.push({ newest, lsn: await this.#measuring.position() });
    this.#pauseMs = Math.max(pauseMsMin, (systemClock.elapsed() - startedMs) * workShare);
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await systemClock.sleep(this.#pauseMs, signal);
        await this.#look();
      } catch {
        // Stopped, or the server went away: the backup itself meets the same end and says why.
        return;
      }
    }
  }
}
