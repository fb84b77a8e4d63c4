import type { Client } from 'pg';
import { isLifeboatError, isoTime, LifeboatError, limits, systemClock } from '../../../core/index.ts';
import type { LogStreamState } from '../../log.ts';
import { serverError } from '../link/connection.ts';
import { lsnText } from '../lsn.ts';
import type { Answer, Start } from './anchor.ts';
import { BaseWatch } from './base-watch.ts';
import type { CatchUpGround } from './lanes/catch-up.ts';
import { Lane, receivedTo } from './lanes/lane.ts';
import { LogReceiver, type NextTimeline } from './receiver.ts';
import type { Place } from './resume.ts';
import { readSlot, sampleClock } from './source.ts';
import { LogWindow, type ClockSample } from './received/window.ts';

export interface TimelineGround extends CatchUpGround {
  readonly replication: Client;
  readonly start: Start;
  /** Once, when it streams for sure: what is here and in the stores goes on behind this place. */
  began(place: Place): void;
}

/** How often the server's clock is read beside its log, and the slot looked at. */
const sampleMs = 1_000;

/** One timeline of a server's log, received once and brought into every store. */
export class TimelineStream {
  readonly #ground: TimelineGround;
  readonly #window: LogWindow;
  readonly #lanes: readonly Lane[];
  readonly #bases: BaseWatch;
  readonly #receiver: LogReceiver;
  readonly #silenceMs: number;
  readonly #heldBytesMax: number;
  #samples: ClockSample[] = [];
  #heardMs = systemClock.elapsed();
  #paused = false;
  #heldBytes = 0;
  /** The server has agreed to send its log: what is here and in the stores goes on behind this position. */
  #beganAt: bigint | undefined;
  hasStreamed = false;

  constructor(ground: TimelineGround) {
    const { start, segmentBytes, options, replication, slot } = ground;
    this.#ground = ground;
    this.#silenceMs = options.bounds?.silenceMs ?? limits.streamSilenceMs;
    this.#heldBytesMax = options.bounds?.heldBytes ?? limits.streamHeldBytesMax;
    this.#window = new LogWindow(start.timeline, start.position, segmentBytes);
    const events = { changed: () => this.#report(false), failed: (failure: LifeboatError) => this.abort(failure) };
    this.#bases = new BaseWatch(ground, start);
    this.#lanes = options.targets.map((target) => new Lane(ground, target, this.#window, start, events));
    this.#receiver = new LogReceiver(
      replication,
      {
        slot,
        timeline: start.timeline,
        start: start.position,
        inBursts: options.targets.every(({ everyMs }) => everyMs > 0),
      },
      {
        begins: () => void (this.#beganAt = receivedTo(this.#window.end, this.#lanes)),
        data: (at, bytes) => this.#take(at, bytes),
        heard: (wantsReply) => this.#hear(wantsReply),
      },
    );
  }

  /** To the end of the timeline. `answers`: what the stores have, in the order of the targets. */
  async run(answers: readonly Answer[]): Promise<NextTimeline | undefined> {
    for (const [index, lane] of this.#lanes.entries()) lane.begin(answers[index] as Answer);
    const watching = new AbortController();
    // Not waited for: what it asks of a server that hangs is answered much later, and it says nothing of that any more.
    void this.#watch(watching.signal);
    try {
      return await this.#receiver.ended;
    } finally {
      watching.abort();
      this.#bases.end();
      await Promise.all(this.#lanes.map((lane) => lane.end()));
      this.#report(false);
    }
  }

  abort(reason: LifeboatError): void {
    this.#receiver.abort(reason);
  }

  /** Behind what was received. */
  get place(): Place {
    return { timeline: this.#window.timeline, position: this.#window.end };
  }

  stores(): LogStreamState['stores'] {
    return this.#lanes.map((lane) => {
      const { durable } = lane;
      const known = durable === undefined ? undefined : this.#samples.findLast(({ position }) => position <= durable);
      return lane.state(known?.atMs);
    });
  }

  #take(at: bigint, bytes: Buffer): void {
    this.#window.add(at, bytes);
    for (const lane of this.#lanes) lane.rouse();
    // Most messages fit into what is held already.
    if (this.#window.heldBytes !== this.#heldBytes) this.#hold();
  }

  #hear(wantsReply: boolean): void {
    this.#heardMs = systemClock.elapsed();
    this.hasStreamed = true;
    if (wantsReply) this.#report(false);
  }

  /** Beside the stream: the server's clock, its slot, signs of life, and the state for people. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { everyMs } = this.#ground.options;
    let saidMs = Number.NEGATIVE_INFINITY;
    let isKnown = false;
    try {
      for (;;) {
        await this.#sample();
        if (signal.aborted) return;
        this.#failOnConflict();
        const nowMs = systemClock.elapsed();
        // What could be lost is known a moment after the beginning: nobody should wait for a whole turn to hear it.
        const isFirstKnown: boolean = !isKnown && this.stores().every(({ completeToMs }) => completeToMs !== undefined);
        if (this.#beganAt !== undefined && (nowMs - saidMs >= everyMs || isFirstKnown)) {
          // A server that became a standby agrees to send its log, and tells no clock.
          if (saidMs < 0) this.#ground.began({ timeline: this.#window.timeline, position: this.#beganAt });
          saidMs = nowMs;
          isKnown ||= isFirstKnown;
          this.#bases.look();
          await this.#say(signal);
          if (signal.aborted) return;
        }
        const silentMs = nowMs - this.#heardMs;
        this.#report(silentMs > this.#silenceMs / 6);
        if (silentMs > this.#silenceMs && !this.#paused) {
          throw new LifeboatError(
            'asset.vanished',
            `the stream has been silent for ${Math.round(silentMs / 1000)} s, and the server answers nothing in it`,
          );
        }
        await systemClock.sleep(Math.min(sampleMs, everyMs), signal);
      }
    } catch (error) {
      if (!signal.aborted) this.abort(serverError(error));
    }
  }

  async #sample(): Promise<void> {
    const sample = await sampleClock(this.#ground.ordinary);
    if (this.#samples.at(-1)?.position === sample.position) this.#samples.pop();
    this.#samples.push(sample);
    // Of a store that is behind nobody knows how old what it has is, until it has come up.
    const from = this.#neededFrom(({ durable }) => durable) ?? sample.position;
    while ((this.#samples[1]?.position ?? sample.position) <= from && this.#samples.length > 1) this.#samples.shift();
    this.#window.sample(sample);
    for (const lane of this.#lanes) lane.sample(sample);
  }

  async #say(signal: AbortSignal): Promise<void> {
    const { ordinary, slot: name, options, start } = this.#ground;
    const slot = await readSlot(ordinary, name);
    if (signal.aborted) return;
    const server = this.#samples.at(-1);
    options.say({
      state: 'streaming',
      timeline: this.#window.timeline,
      received: lsnText(receivedTo(this.#window.end, this.#lanes)),
      ...(server === undefined ? {} : { server: lsnText(server.position), serverMs: server.atMs }),
      ...(this.#window.newestCommitMs === undefined ? {} : { newestCommit: isoTime(this.#window.newestCommitMs) }),
      ...(start.passedBy === undefined ? {} : { passedBy: start.passedBy }),
      slot: { name, status: slot?.status ?? 'missing', safeBytes: slot?.safeBytes ?? null },
      stores: this.stores(),
    });
  }

  #failOnConflict(): void {
    const failure = this.#lanes.find((lane) => isLifeboatError(lane.failure, 'log.conflict'))?.failure;
    if (failure !== undefined) throw failure;
  }

  /** Flushed is what every store has for good, and nothing while one does not say; the memory before it is free again. */
  #report(wantsReply: boolean): void {
    const { end } = this.#window;
    let flushed = end;
    for (const { acknowledged = 0n } of this.#lanes) flushed = acknowledged < flushed ? acknowledged : flushed;
    this.#receiver.report(end, flushed, systemClock.now(), wantsReply);
    this.#hold();
  }

  /** The least of what stores still need of the window says; asked thousands of times a second where commits wait, so that nothing is made for it. */
  #neededFrom(of: (lane: Lane) => bigint | undefined): bigint | undefined {
    let from: bigint | undefined;
    for (const lane of this.#lanes) {
      const one = lane.needsFrom === undefined ? undefined : of(lane);
      if (one !== undefined && (from === undefined || one < from)) from = one;
    }
    return from;
  }

  /** Our memory is bounded: the server keeps what it may not send. A store must not hold up another one, so it falls behind alone. */
  #hold(): void {
    this.#drop(false);
    if (this.#window.heldBytes > this.#heldBytesMax && this.#letFallBehind()) this.#drop(true);
    this.#heldBytes = this.#window.heldBytes;
    const isFull = this.#heldBytes > this.#heldBytesMax;
    if (isFull === this.#paused) return;
    this.#paused = isFull;
    if (isFull) this.#receiver.pause();
    else this.#receiver.resume();
  }

  #drop(mayRead: boolean): void {
    // Where all stores are behind, nobody takes what is received: it is kept on the server only.
    this.#window.dropBefore(this.#neededFrom(({ needsFrom }) => needsFrom) ?? this.#window.end, mayRead);
  }

  /** Whether one was: who lags behind another store by more than half of what may be held. */
  #letFallBehind(): boolean {
    const half = BigInt(this.#heldBytesMax) / 2n;
    const most = this.#lanes.reduce((max, { needsFrom = 0n }) => (needsFrom > max ? needsFrom : max), 0n);
    const slow = this.#lanes.filter(({ needsFrom }) => needsFrom !== undefined && most - needsFrom > half);
    for (const lane of slow) lane.fallBehind();
    return slow.length > 0;
  }
}
