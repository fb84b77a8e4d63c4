import { systemClock } from '../../../core/index.ts';
import type { LogTarget } from '../../log.ts';
import { requireOwnPoint, type Start } from './anchor.ts';
import type { CatchUpGround } from './lanes/catch-up.ts';
import { tailOf } from './resume.ts';

type Ground = Pick<CatchUpGround, 'options' | 'way' | 'segmentBytes'>;

/** Before a store that did not answer is asked again. */
const againMs = 60_000;

/**
 * Looks again whether a point leads to the log of each store, when one may be lost: a stream runs for months, points and log are found damaged meanwhile, and it
 * asked which there are when it began.
 */
export class BaseWatch {
  readonly #ground: Ground;
  readonly #fallback: Start['fallback'];
  readonly #over = new AbortController();
  /** Stores that are still to be looked at, and from when on, by the clock that never jumps. */
  readonly #due = new Map<LogTarget, number>();
  /** Looks that are under way; a store that hangs is not asked twice. */
  readonly #asked = new Set<LogTarget>();

  constructor(ground: Ground, { fallback }: Pick<Start, 'fallback'>) {
    this.#ground = ground;
    this.#fallback = fallback;
  }

  /** Called every few seconds; waits for nothing. */
  look(): void {
    const { targets, isBaseLost } = this.#ground.options;
    const nowMs = systemClock.elapsed();
    if (isBaseLost?.() === true) for (const target of targets) this.#due.set(target, nowMs);
    for (const [target, fromMs] of this.#due)
      if (fromMs <= nowMs && !this.#asked.has(target)) void this.#lookAt(target);
  }

  /** Whatever is under way says nothing any more. */
  end(): void {
    this.#over.abort();
  }

  async #lookAt(target: LogTarget): Promise<void> {
    const { options, way, segmentBytes } = this.#ground;
    const { signal } = this.#over;
    this.#asked.add(target);
    // What is lost while this one is looked at is another look.
    this.#due.delete(target);
    try {
      const log = (await options.known?.(target.store)) ?? target.log;
      const listing = await log.list({ signal });
      const bases = await options.bases();
      if (signal.aborted) return;
      const tail = tailOf(listing, way, segmentBytes) ?? this.#fallback;
      requireOwnPoint({ store: target.store, listing }, tail, bases, this.#ground);
    } catch {
      // The store is away, which its lane says.
      if (!this.#due.has(target)) this.#due.set(target, systemClock.elapsed() + againMs);
    } finally {
      this.#asked.delete(target);
    }
  }
}
