import type { Client } from 'pg';
import { isLifeboatError, isoTime, LifeboatError, limits, systemClock, toLifeboatError } from '../../../core/index.ts';
import type { LogListing, LogStreamOptions, LogStreamState } from '../../log.ts';
import { connect, connectReplication, serverError } from '../connection.ts';
import { floorTo, forksOf, lsnText } from '../lsn.ts';
import { listingsOf, placeToStart } from './anchor.ts';
import { LogReceiver, type NextTimeline } from './receiver.ts';
import { tailOf, type Place, type Way } from './resume.ts';
import { Sink } from './sink.ts';
import { historyOf, identifySource, readLogSettings, readSlot, sampleClock } from './source.ts';
import { LogWindow, type ClockSample } from './window.ts';

export interface StreamSettings {
  readonly url: string;
  readonly slot: string;
  readonly applicationName: string;
}

/** How often the server's clock is read beside its log, and the slot looked at. */
const sampleMs = 1_000;
const statusMs = 5_000;
const backOffMsMax = 10_000;
const busyTriesMax = 4;

/**
 * Streams a server's log into the stores until it is told to stop; what was received is stored before it ends. A lost connection, a
 * restart and a failover are waited for and gone on from. Throws what waiting does not mend: `asset.foreign`, `asset.denied`,
 * `asset.unsupported`, `log.conflict`, `operation.busy`.
 */
export async function streamLog(settings: StreamSettings, options: LogStreamOptions): Promise<void> {
  let waitMs = 200;
  let hasStreamed = false;
  let refusals = 0;
  while (!options.signal.aborted) {
    const attempt = new Attempt(settings, options);
    try {
      await attempt.run();
    } catch (error) {
      const failure = toLifeboatError(error);
      if (options.signal.aborted) return;
      if (failure.retry !== 'later') throw failure;
      if (attempt.hasStreamed) waitMs = 200;
      hasStreamed ||= attempt.hasStreamed;
      // The server takes a while to see that a connection of ours is gone; what had never been ours is another stream's.
      if (failure.code === 'operation.busy' && !hasStreamed && (refusals += 1) >= busyTriesMax) throw failure;
      options.say({ state: 'waiting', reason: failure.message, stores: attempt.stores() });
      await systemClock.sleep(waitMs, options.signal).catch(() => {}); // stopped: the loop ends
      waitMs = Math.min(waitMs * 2, backOffMsMax);
    }
  }
}

/** One connection: from where the stores are to where the connection ends. */
class Attempt {
  readonly #settings: StreamSettings;
  readonly #options: LogStreamOptions;
  #ordinary: Client | undefined;
  #replication: Client | undefined;
  #receiver: LogReceiver | undefined;
  #window: LogWindow | undefined;
  #sinks: Sink[] = [];
  #samples: ClockSample[] = [];
  #segmentBytes = 0;
  #heardMs = systemClock.elapsed();
  #paused = false;
  hasStreamed = false;

  constructor(settings: StreamSettings, options: LogStreamOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const onAbort = (): void =>
      this.#receiver?.abort(new LifeboatError('operation.cancelled', 'the stream was stopped'));
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await this.#open();
      const way = await this.#way();
      let place = await placeToStart({
        ordinary: this.#ordinary as Client,
        replication: this.#replication as Client,
        slot: this.#settings.slot,
        options: this.#options,
        segmentBytes: this.#segmentBytes,
        way,
      });
      for (;;) {
        const next = await this.#stream(place, way);
        if (next === undefined) throw new LifeboatError('asset.vanished', 'the server ended the stream');
        place = { timeline: next.timeline, position: floorTo(next.at, this.#segmentBytes) };
      }
    } catch (error) {
      if (!signal.aborted) throw serverError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      await this.#close();
    }
  }

  stores(): LogStreamState['stores'] {
    return this.#sinks.map((sink) => {
      const completeToMs = this.#samples.findLast(({ position }) => position <= sink.durable)?.atMs;
      return {
        store: sink.options.store,
        durable: lsnText(sink.durable),
        ...(completeToMs === undefined ? {} : { completeToMs }),
        ...(sink.failure === undefined ? {} : { failure: sink.failure.message }),
      };
    });
  }

  async #open(): Promise<void> {
    this.#ordinary = await connect(this.#settings.url);
    this.#replication = await connectReplication(this.#settings.url, this.#settings.applicationName);
    const { systemId } = await identifySource(this.#replication);
    if (systemId !== this.#options.source) {
      throw new LifeboatError(
        'asset.foreign',
        `the server is cluster ${systemId}, and the log is of ${this.#options.source}`,
        {
          hint: 'Does the address in the plan still name the same server? A new cluster needs an asset of its own, or a restart of the stream.',
        },
      );
    }
    const { segmentBytes, slotMiBMax } = await readLogSettings(this.#ordinary);
    this.#segmentBytes = segmentBytes;
    if (slotMiBMax === -1) {
      this.#options.say({
        state: 'finding',
        reason: 'max_slot_wal_keep_size is -1: while the stream is away, its slot can fill the disk of the server',
        hint: "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();",
        stores: [],
      });
    }
  }

  /** Histories go to every store first: without them nobody could tell later how timelines follow each other. */
  async #way(): Promise<Way> {
    const replication = this.#replication as Client;
    const { timeline } = await identifySource(replication);
    if (timeline === 1) return { forks: [], timeline };
    const history = await historyOf(replication, timeline);
    for (const { log } of this.#options.targets) await log.appendHistory(timeline, history);
    return { forks: forksOf(history), timeline };
  }

  /** One timeline, to its end. */
  async #stream(place: Place, way: Way): Promise<NextTimeline | undefined> {
    const window = (this.#window = new LogWindow(place.timeline, place.position, this.#segmentBytes));
    const listings = await listingsOf(this.#options);
    this.#sinks = this.#options.targets.map((target, index) => {
      const listing = listings[index] as LogListing;
      const tail = tailOf(listing, way, this.#segmentBytes);
      const durable =
        tail?.timeline === place.timeline && tail.position > place.position ? tail.position : place.position;
      const options = { ...target, changed: () => this.#report(false) };
      return new Sink(options, window, durable, listing.pieces);
    });
    this.#receiver = new LogReceiver(
      this.#replication as Client,
      { slot: this.#settings.slot, timeline: place.timeline, start: place.position },
      {
        data: (start, bytes) => {
          window.add(start, bytes);
          for (const sink of this.#sinks) sink.rouse();
          this.#hold();
        },
        heard: (wantsReply) => {
          this.#heardMs = systemClock.elapsed();
          this.hasStreamed = true;
          if (wantsReply) this.#report(false);
        },
      },
    );
    for (const sink of this.#sinks) sink.begin();
    const watching = new AbortController();
    const watch = this.#watch(watching.signal);
    try {
      return await this.#receiver.ended;
    } finally {
      watching.abort();
      await watch;
      await Promise.all(this.#sinks.map((sink) => sink.end()));
      this.#report(false);
    }
  }

  /** Beside the stream: the server's clock, its slot, signs of life, and the state for people. */
  async #watch(signal: AbortSignal): Promise<void> {
    let saidMs = Number.NEGATIVE_INFINITY;
    try {
      for (;;) {
        await this.#sample();
        this.#failOnConflict();
        const nowMs = systemClock.elapsed();
        if (nowMs - saidMs >= this.#options.everyMs) {
          saidMs = nowMs;
          await this.#say();
        }
        this.#report(nowMs - this.#heardMs > statusMs);
        if (nowMs - this.#heardMs > limits.streamSilenceMs && !this.#paused) {
          throw new LifeboatError(
            'asset.vanished',
            `the stream has been silent for ${limits.streamSilenceMs / 1000} s, and the server answers nothing in it`,
          );
        }
        await systemClock.sleep(Math.min(sampleMs, this.#options.everyMs), signal);
      }
    } catch (error) {
      if (!signal.aborted) this.#receiver?.abort(serverError(error));
    }
  }

  async #sample(): Promise<void> {
    const sample = await sampleClock(this.#ordinary as Client);
    if (this.#samples.at(-1)?.position === sample.position) this.#samples.pop();
    this.#samples.push(sample);
    const least = this.#sinks.reduce((low, { durable }) => (durable < low ? durable : low), sample.position);
    while ((this.#samples[1]?.position ?? sample.position) <= least && this.#samples.length > 1) this.#samples.shift();
    this.#window?.sample(sample);
  }

  async #say(): Promise<void> {
    const window = this.#window as LogWindow;
    const slot = await readSlot(this.#ordinary as Client, this.#settings.slot);
    const server = this.#samples.at(-1);
    this.#options.say({
      state: 'streaming',
      timeline: window.timeline,
      received: lsnText(window.end),
      ...(server === undefined ? {} : { server: lsnText(server.position), serverMs: server.atMs }),
      ...(window.newestCommitMs === undefined ? {} : { newestCommit: isoTime(window.newestCommitMs) }),
      slot: { name: this.#settings.slot, status: slot?.status ?? 'missing', safeBytes: slot?.safeBytes ?? null },
      stores: this.stores(),
    });
  }

  #failOnConflict(): void {
    const failure = this.#sinks.find((sink) => isLifeboatError(sink.failure, 'log.conflict'))?.failure;
    if (failure !== undefined) throw failure;
  }

  /** Flushed is what every store has for good; the memory before it is free again. */
  #report(wantsReply: boolean): void {
    const window = this.#window;
    if (window === undefined || this.#sinks.length === 0) return;
    const least = (values: bigint[]): bigint => values.reduce((low, one) => (one < low ? one : low), window.end);
    this.#receiver?.report(window.end, least(this.#sinks.map(({ durable }) => durable)), systemClock.now(), wantsReply);
    window.dropBefore(least(this.#sinks.map(({ needsFrom }) => needsFrom)));
    this.#hold();
  }

  /** A store that is away must not fill our memory: the server keeps what it may not send. */
  #hold(): void {
    const isFull = (this.#window?.heldBytes ?? 0) > limits.streamHeldBytesMax;
    if (isFull === this.#paused) return;
    this.#paused = isFull;
    if (isFull) this.#receiver?.pause();
    else this.#receiver?.resume();
  }

  async #close(): Promise<void> {
    for (const client of [this.#replication, this.#ordinary]) {
      await client?.end().catch(() => {}); // broken already
    }
  }
}
