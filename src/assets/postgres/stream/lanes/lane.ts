import { assert, inTime, LifeboatError, limits, systemClock } from '../../../../core/index.ts';
import type { LogListing, LogStreamState, LogTarget } from '../../../log.ts';
import { lsnText } from '../../lsn.ts';
import type { Answer, Start } from '../anchor.ts';
import { CatchUp, type CatchUpGround } from './catch-up.ts';
import { IdleClock } from './idle-clock.ts';
import { tailOf } from '../resume.ts';
import { Sink } from './sink.ts';
import type { ClockSample, LogWindow } from '../received/window.ts';

export interface LaneEvents {
  /** Something became durable, or a store failed. */
  changed(): void;
  /** What waiting does not mend. */
  failed(failure: LifeboatError): void;
}

/** For people: a stream goes on from the start of a segment, and what stores have beyond was received before and comes once more. */
export const receivedTo = (end: bigint, lanes: readonly Pick<Lane, 'durable'>[]): bigint =>
  lanes.reduce((most, { durable = 0n }) => (durable > most ? durable : most), end);

/**
 * One store of a stream. Either it takes what the stream receives, or it is behind (it was away, or is slow): then it takes what it lacks over a
 * connection of its own, until it has come up to what the stream still holds. So no store waits for another.
 */
export class Lane {
  readonly target: LogTarget;
  readonly #ground: CatchUpGround;
  readonly #window: LogWindow;
  readonly #start: Start;
  readonly #events: LaneEvents;
  #sink: Sink | undefined;
  #clock: IdleClock | undefined;
  #catchUp: CatchUp | undefined;
  #known: bigint | undefined;
  #hasEnded = false;

  constructor(ground: CatchUpGround, target: LogTarget, window: LogWindow, start: Start, events: LaneEvents) {
    this.#ground = ground;
    this.target = target;
    this.#window = window;
    this.#start = start;
    this.#events = events;
  }

  begin(answer: Answer): void {
    if ('failure' in answer) return this.#fallBehind(answer.failure);
    const { way, segmentBytes } = this.#ground;
    const tail = tailOf(answer.listing, way, segmentBytes) ?? this.#start.fallback;
    const isOwn = tail.timeline === this.#window.timeline;
    if (this.#start.isGap || (isOwn && tail.position >= this.#window.oldest)) {
      return this.#attach(isOwn ? tail.position : 0n, answer.listing);
    }
    this.#known = isOwn ? tail.position : undefined;
    this.#fallBehind(undefined);
  }

  /** How far the store has the log of this timeline for good; `undefined`: nobody knows. */
  get durable(): bigint | undefined {
    return this.#sink?.durable ?? this.#known;
  }

  /** How much of what the server sends the store has for good: what is sent once more counts when it was compared. */
  get acknowledged(): bigint | undefined {
    return this.#sink?.acknowledged ?? this.#known;
  }

  /** Before this position the window is not needed here; `undefined`: none of it. */
  get needsFrom(): bigint | undefined {
    return this.#sink?.needsFrom;
  }

  get failure(): LifeboatError | undefined {
    return this.#sink?.failure ?? this.#catchUp?.failure ?? this.#clock?.failure;
  }

  rouse(): void {
    this.#sink?.rouse();
  }

  sample(sample: ClockSample): void {
    if (this.#sink !== undefined) this.#clock?.note(sample, this.#sink.durable);
  }

  /** The memory that this store still needs goes. */
  fallBehind(): void {
    assert(this.#sink !== undefined, 'only who is not behind falls behind');
    this.#known = this.#sink.durable;
    const { failure } = this.#sink;
    this.#sink.leave();
    this.#sink = undefined;
    this.#fallBehind(failure);
  }

  /** What was received is stored, as far as the store takes it; one that hangs is left behind, and whatever it still does says nothing any more. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    const ended = Promise.all([this.#sink?.end(), this.#catchUp?.end(), this.#clock?.end()]);
    const late = (): LifeboatError => new LifeboatError('store.unreachable', `${this.target.store} does not let go`);
    try {
      await inTime(ended, { clock: systemClock, ms: limits.streamEndMs, late });
    } catch {
      // The next stream stores what this one did not.
      this.#sink?.leave();
    }
  }

  state(completeToMs: number | undefined): LogStreamState['stores'][number] {
    const { durable, failure } = this;
    return {
      store: this.target.store,
      ...(durable === undefined ? {} : { durable: lsnText(durable) }),
      ...(completeToMs === undefined ? {} : { completeToMs }),
      ...(this.#sink === undefined ? { isBehind: true as const } : {}),
      ...(failure === undefined ? {} : { failure: failure.message }),
    };
  }

  #attach(durable: bigint, { pieces, clocks }: LogListing): void {
    const { oldest, timeline } = this.#window;
    const { target } = this;
    const from = durable > oldest ? durable : oldest;
    this.#catchUp = undefined;
    this.#sink = new Sink({ ...target, changed: () => this.#events.changed() }, this.#window, from, pieces);
    this.#clock = new IdleClock(target.log, timeline, clocks, this.#ground.options.bounds?.idleMs);
    this.#sink.begin();
    this.#events.changed();
  }

  #fallBehind(failure: LifeboatError | undefined): void {
    this.#catchUp = new CatchUp(this.#ground, this.target, {
      failure,
      fallback: this.#start.fallback,
      timeline: this.#window.timeline,
      oldest: () => this.#window.oldest,
      arrived: (durable, listing) => {
        if (!this.#hasEnded) this.#attach(durable, listing);
      },
      durable: (position) => {
        if (this.#hasEnded) return;
        this.#known = position;
        this.#events.changed();
      },
      failed: (error) => {
        if (!this.#hasEnded) this.#events.failed(error);
      },
    });
    this.#catchUp.begin();
  }
}
