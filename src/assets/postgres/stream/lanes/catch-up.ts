import type { Client } from 'pg';
import { LifeboatError, limits, systemClock, toLifeboatError } from '../../../../core/index.ts';
import type { LogListing, LogStreamOptions, LogTarget } from '../../../log.ts';
import { connectReplication, endConnection, serverError } from '../../link/connection.ts';
import { floorTo, lsnText } from '../../lsn.ts';
import { enterTimeline, goesOnFrom, isOfOneStore, requireOnWay, requireOwnPoint } from '../anchor.ts';
import { isRemoval, serverHas } from '../kept-log.ts';
import { LogReceiver } from '../receiver.ts';
import { comparePlaces, isSameSegment, tailOf, type Place, type Way } from '../resume.ts';
import { Sink } from './sink.ts';
import { readSlot } from '../source.ts';
import { LogWindow } from '../received/window.ts';

export interface CatchUpGround {
  readonly url: string;
  readonly slot: string;
  /** Of connections beside the stream: never a name that the server waits for. */
  readonly besideName: string;
  readonly options: LogStreamOptions;
  readonly ordinary: Client;
  readonly segmentBytes: number;
  readonly way: Way;
}

/** The stream that a store has to come up to. */
export interface Ahead {
  /** Why the store fell behind, if it said so. */
  readonly failure: LifeboatError | undefined;
  /** Where a store without a log begins. */
  readonly fallback: Place;
  readonly timeline: number;
  /** What is from here on is still in memory. */
  oldest(): bigint;
  /** Called once: from now on the store takes what the stream receives. */
  arrived(durable: bigint, listing: LogListing): void;
  durable(position: bigint): void;
  failed(failure: LifeboatError): void;
}

const retryMsMin = 1_000;
const retryMsMax = 15_000;
const lookMs = 1_000;

/**
 * Brings a store that was away up to the stream: what it lacks comes from the server once more, over a connection of its own; the
 * slot of the stream keeps it there, because flushed is only what every store has. Memory is bounded by waiting, as here nobody waits for it.
 */
export class CatchUp {
  readonly #ground: CatchUpGround;
  readonly #target: LogTarget;
  readonly #ahead: Ahead;
  readonly #stop = new AbortController();
  #failure: LifeboatError | undefined;
  /** Where the server would not begin, because it has removed its log there. */
  #removed: Place | undefined;
  #hasLooked = false;
  #done: Promise<void> | undefined;

  constructor(ground: CatchUpGround, target: LogTarget, ahead: Ahead) {
    this.#ground = ground;
    this.#target = target;
    this.#ahead = ahead;
    this.#failure = ahead.failure;
  }

  get failure(): LifeboatError | undefined {
    return this.#failure;
  }

  begin(): void {
    this.#done ??= this.#run();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    let waitMs = retryMsMin;
    while (!signal.aborted) {
      try {
        if (await this.#round()) return;
        waitMs = retryMsMin;
        await systemClock.sleep(retryMsMin / 5, signal).catch(() => {}); // stopped: the loop ends
      } catch (error) {
        this.#failure = toLifeboatError(error);
        if (signal.aborted) return;
        if (!isOfOneStore(this.#failure)) return this.#ahead.failed(this.#failure);
        await systemClock.sleep(waitMs, signal).catch(() => {}); // stopped: the loop ends
        waitMs = Math.min(waitMs * 2, retryMsMax);
      }
    }
  }

  /** Whether the store has come up. */
  async #round(): Promise<boolean> {
    const { ordinary, options, way, segmentBytes, slot } = this.#ground;
    const listing = await enterTimeline(this.#target.log, way, { ...options, signal: this.#stop.signal });
    const tail = tailOf(listing, way, segmentBytes) ?? this.#ahead.fallback;
    requireOnWay(tail, way);
    if (this.#stop.signal.aborted) return true;
    await this.#lookForGap(listing, tail);
    // Its stream does not wait for a store that hangs: whatever answers behind its end is heard by nobody.
    if (this.#stop.signal.aborted) return true;
    if (tail.timeline === this.#ahead.timeline && tail.position >= this.#ahead.oldest()) {
      this.#ahead.arrived(tail.position, listing);
      return true;
    }
    const kept = (await readSlot(ordinary, slot))?.restart;
    const isRefused = isSameSegment(tail, this.#removed, segmentBytes);
    if (isRefused || !(await serverHas({ ordinary, segmentBytes, way }, tail, kept))) {
      const begin = { timeline: this.#ahead.timeline, position: this.#ahead.oldest() };
      options.needsBase({
        reason: `the server no longer has its log from ${lsnText(tail.position)} on timeline ${tail.timeline} on, which ${this.#target.store} lacks: moments between there and the next recovery point are lost in it`,
        store: this.#target.store,
        isLedToBy: (base) => goesOnFrom(base, this.#ground, (at) => comparePlaces(at, begin) >= 0),
      });
      this.#ahead.arrived(begin.position, listing);
      return true;
    }
    try {
      await this.#read(tail, listing);
    } catch (error) {
      if (isRemoval(serverError(error).cause)) this.#removed = tail;
      throw error;
    }
    return false;
  }

  /** Once: what comes now goes on where the store ends. When the stream began it may have been away, and nobody knew what it has. */
  async #lookForGap(listing: LogListing, tail: Place): Promise<void> {
    if (this.#hasLooked) return;
    const bases = await this.#ground.options.bases();
    if (this.#stop.signal.aborted) return;
    this.#hasLooked = true;
    // Also where no store has any, and the stream has asked for one: who failed to take it here hears that the store is back.
    requireOwnPoint({ store: this.#target.store, listing }, tail, bases, this.#ground);
  }

  /** Until the store is up to the stream, or the timeline has ended, or something failed. */
  async #read(tail: Place, listing: LogListing): Promise<void> {
    const { url, besideName, segmentBytes } = this.#ground;
    const replication = await connectReplication(url, besideName);
    try {
      const start = floorTo(tail.position, segmentBytes);
      await new Reading(replication, this.#target, { ...tail, start }, listing, this.#ground).run({
        isUp: (acknowledged) => tail.timeline === this.#ahead.timeline && acknowledged >= this.#ahead.oldest(),
        durable: (position) => {
          this.#failure = undefined;
          if (tail.timeline === this.#ahead.timeline) this.#ahead.durable(position);
        },
        signal: this.#stop.signal,
      });
    } finally {
      await endConnection(replication);
    }
  }
}

interface ReadingEvents {
  isUp(acknowledged: bigint): boolean;
  durable(position: bigint): void;
  readonly signal: AbortSignal;
}

/** One connection without a slot, into one store. */
class Reading {
  readonly #receiver: LogReceiver;
  readonly #window: LogWindow;
  readonly #sink: Sink;
  readonly #silenceMs: number;
  readonly #heldBytesMax: number;
  readonly #progressed = Promise.withResolvers<void>();
  #events: ReadingEvents | undefined;
  #heardMs = systemClock.elapsed();
  #paused = false;

  constructor(
    replication: Client,
    target: LogTarget,
    { timeline, position, start }: Place & { readonly start: bigint },
    { pieces }: LogListing,
    { segmentBytes, options }: CatchUpGround,
  ) {
    this.#silenceMs = options.bounds?.silenceMs ?? limits.streamSilenceMs;
    // A quarter: it stands beside the stream's own.
    this.#heldBytesMax = (options.bounds?.heldBytes ?? limits.streamHeldBytesMax) / 4;
    const window = (this.#window = new LogWindow(timeline, start, segmentBytes));
    // At once: whole cells are what is waiting.
    const sinkOptions = { ...target, everyMs: Math.min(target.everyMs, 1_000), changed: () => this.#look() };
    this.#sink = new Sink(sinkOptions, window, position, pieces);
    this.#receiver = new LogReceiver(
      replication,
      { slot: undefined, timeline, start },
      {
        data: (at, bytes) => {
          window.add(at, bytes);
          this.#sink.rouse();
          this.#hold();
        },
        heard: (wantsReply) => {
          this.#heardMs = systemClock.elapsed();
          if (wantsReply) this.#receiver.report(window.end, 0n, systemClock.now());
        },
      },
    );
  }

  async run(events: ReadingEvents): Promise<void> {
    this.#events = events;
    this.#sink.begin();
    const over = new AbortController();
    const watch = this.#watch(AbortSignal.any([events.signal, over.signal]));
    try {
      await Promise.race([this.#receiver.ended, this.#progressed.promise, watch]);
    } finally {
      over.abort();
      this.#receiver.abort(new LifeboatError('operation.cancelled', 'the store has come up'));
      if (this.#sink.failure === undefined) await this.#sink.end();
      else this.#sink.leave();
    }
    if (this.#sink.failure !== undefined) throw this.#sink.failure;
  }

  /** Signs of life are asked for; the server needs ours too. Rejects when it gives none. */
  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#look();
      const silentMs = systemClock.elapsed() - this.#heardMs;
      if (silentMs > this.#silenceMs && !this.#paused) {
        throw new LifeboatError('asset.vanished', `the server has been silent for ${Math.round(silentMs / 1000)} s`);
      }
      this.#receiver.report(this.#window.end, 0n, systemClock.now(), silentMs > this.#silenceMs / 6);
      try {
        await systemClock.sleep(lookMs, signal);
      } catch {
        return; // it is over
      }
    }
  }

  #look(): void {
    const { acknowledged, durable, failure, needsFrom } = this.#sink;
    if (failure !== undefined) return this.#progressed.reject(serverError(failure));
    this.#window.dropBefore(needsFrom);
    this.#hold();
    this.#events?.durable(durable);
    if (this.#events?.isUp(acknowledged) === true) this.#progressed.resolve();
  }

  #hold(): void {
    const isFull = this.#window.heldBytes > Math.max(this.#heldBytesMax, 2 * this.#window.cellBytes);
    if (isFull === this.#paused) return;
    this.#paused = isFull;
    if (isFull) this.#receiver.pause();
    else this.#receiver.resume();
  }
}
