import { systemClock } from '../../../core/index.ts';
import type { LogTarget } from '../../log.ts';
import { requireOwnPoint, type Start } from './anchor.ts';
import type { CatchUpGround } from './lanes/catch-up.ts';
import { ownWay } from './own-way.ts';
import { tailOf } from './resume.ts';

type Ground = Pick<CatchUpGround, 'options' | 'way' | 'segmentBytes'>;

/** Before a store that did not answer is asked again. */
const againMs = 60_000;

/** Before it is looked again whether a store has a new timeline up to its fork. */
const joinMs = 5_000;

/**
 * Looks again whether a point leads to the log of each store, when one may be lost: a stream runs for months, points and log are found damaged meanwhile, and it
 * asked which there are when it began.
 */
export class BaseWatch {
  readonly #ground: Ground;
  readonly #fallback: Start['fallback'];
  /** Where the timeline forked off, if the stream begins before that: what the server sends up to there tells whether it is of the life that is stored before. */
  readonly #joint: bigint | undefined;
  readonly #over = new AbortController();
  /** Stores that are still to be looked at, and from when on, by the clock that never jumps. */
  readonly #due = new Map<LogTarget, number>();
  /** Looks that are under way; a store that hangs is not asked twice. */
  readonly #asked = new Set<LogTarget>();

  constructor(ground: Ground, { fallback, timeline, position }: Pick<Start, 'fallback' | 'timeline' | 'position'>) {
    this.#ground = ground;
    this.#fallback = fallback;
    const fork = timeline === ground.way.timeline ? ground.way.forks.at(-1) : undefined;
    if (fork === undefined || fork.at <= position) return;
    this.#joint = fork.at;
    for (const target of ground.options.targets) this.#due.set(target, systemClock.elapsed());
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
      const own = await ownWay(log, listing, way);
      const tail = tailOf(listing, own, segmentBytes) ?? this.#fallback;
      if (signal.aborted) return;
      const isJoined = this.#joint === undefined || (tail.timeline === way.timeline && tail.position >= this.#joint);
      if (!isJoined) return void this.#due.set(target, systemClock.elapsed() + joinMs);
      requireOwnPoint({ store: target.store, listing }, tail, bases, { ...this.#ground, way: own });
    } catch {
      // The store is away, which its lane says.
      if (!this.#due.has(target)) this.#due.set(target, systemClock.elapsed() + againMs);
    } finally {
      this.#asked.delete(target);
    }
  }
}
