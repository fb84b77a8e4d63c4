import type { Client } from 'pg';
import {
  formatDuration,
  LifeboatError,
  limits,
  systemClock,
  toLifeboatError,
  unlessStopped,
} from '../../../core/index.ts';
import type { LogStreamOptions, LogStreamState } from '../../log.ts';
import { connect, connectReplication, endConnection, serverError } from '../link/connection.ts';
import { floorTo, forksOf, lsnText } from '../lsn.ts';
import { askStores, placeToStart, type Start } from './anchor.ts';
import { isRemoval } from './kept-log.ts';
import { OtherLife, wayBehind } from './other-life.ts';
import type { Place, Way } from './resume.ts';
import { historyOf, identifySource, readLogSettings } from './source.ts';
import { TimelineStream } from './timeline-stream.ts';

export interface StreamSettings {
  readonly url: string;
  readonly slot: string;
  readonly applicationName: string;
}

const backOffMsMin = 200;
const backOffMsMax = 10_000;
const busyTriesMax = 4;

/**
 * Streams a server's log into the stores until it is told to stop; what was received is stored before it ends. A lost connection, a
 * restart and a failover are waited for and gone on from. Throws what waiting does not mend: `asset.foreign`, `asset.denied`,
 * `asset.unsupported`, `log.conflict`, `operation.busy`.
 */
export async function streamLog(settings: StreamSettings, options: LogStreamOptions): Promise<void> {
  let waitMs = backOffMsMin;
  let hasStreamed = false;
  let refusals = 0;
  let removed: Place | undefined;
  let left: number | undefined;
  let awayMs: number | undefined;
  const told: Told = { slotMiBMax: undefined };
  const began = ({ timeline, position }: Place): void => {
    if (awayMs === undefined) return;
    const lasted = formatDuration(systemClock.elapsed() - awayMs);
    awayMs = undefined;
    const reason = `connected${hasStreamed ? ' again' : ''} after ${lasted}, goes on from ${lsnText(position)} on timeline ${timeline}`;
    options.say({ state: 'resumed', reason, timeline, received: lsnText(position), stores: [] });
  };
  while (!options.signal.aborted) {
    const startedMs = systemClock.elapsed();
    const attempt = new Attempt(settings, options, { removed, left, told, began });
    try {
      await attempt.run();
    } catch (error) {
      const failure = toLifeboatError(error);
      if (options.signal.aborted) return;
      const isLeft = failure instanceof OtherLife && attempt.hasLeft(failure.timeline);
      if (isLeft) left = Math.max(left ?? 0, failure.timeline);
      else if (failure.retry !== 'later') throw failure;
      removed = isRemoval(failure.cause) ? attempt.place : undefined;
      // One that breaks as soon as it streams, such as of a server that is a standby by now, is tried less and less often too.
      if (attempt.hasStreamed && systemClock.elapsed() - startedMs >= backOffMsMax) waitMs = backOffMsMin;
      hasStreamed ||= attempt.hasStreamed;
      // The server takes a while to see that a connection of ours is gone; what had never been ours is another stream's.
      if (failure.code === 'operation.busy' && !hasStreamed && (refusals += 1) >= busyTriesMax) throw failure;
      awayMs ??= systemClock.elapsed();
      options.say({ state: 'waiting', reason: failure.message, stores: attempt.stores() });
      await systemClock.sleep(waitMs, options.signal).catch(() => {}); // stopped: the loop ends
      waitMs = Math.min(waitMs * 2, backOffMsMax);
    }
  }
}

/** What was said of the server's settings: once, and again when it changes. */
interface Told {
  slotMiBMax: number | undefined;
}

interface Around {
  /** The newest timeline that the server has left, and that is of another life in a store. */
  readonly left: number | undefined;
  /** Where the last one was told that the log is gone. */
  readonly removed: Place | undefined;
  readonly told: Told;
  /** It streams, and goes on behind this place. */
  began(place: Place): void;
}

/** One connection: from where the stores are to where the connection ends. */
class Attempt {
  readonly #settings: StreamSettings;
  readonly #options: LogStreamOptions;
  readonly #around: Around;
  #isOver = false;
  #ordinary: Client | undefined;
  #replication: Client | undefined;
  #current: TimelineStream | undefined;
  #segmentBytes = 0;
  #way: Way | undefined;
  #hasStreamed = false;

  constructor(settings: StreamSettings, options: LogStreamOptions, around: Around) {
    this.#settings = settings;
    this.#options = options;
    this.#around = around;
  }

  get hasStreamed(): boolean {
    return this.#hasStreamed || this.#current?.hasStreamed === true;
  }

  /** Where it came to; `undefined`: it asked for no log yet. */
  get place(): Place | undefined {
    return this.#current?.place;
  }

  /** Whether the server lives on a later one. */
  hasLeft(timeline: number): boolean {
    return timeline < (this.#way?.timeline ?? 0);
  }

  stores(): LogStreamState['stores'] {
    return this.#current?.stores() ?? [];
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    const onAbort = (): void => this.#current?.abort(stopped());
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await unlessEnded(this.#open(), signal);
      const way = wayBehind(this.#around.left, await unlessEnded(this.#askWay(), signal));
      this.#way = way;
      const anchored = placeToStart({
        ordinary: this.#ordinary as Client,
        replication: this.#replication as Client,
        slot: this.#settings.slot,
        options: this.#options,
        segmentBytes: this.#segmentBytes,
        way,
        removed: this.#around.removed,
      });
      let start = await unlessEnded(anchored, signal);
      for (;;) {
        const next = await this.#stream(start, start.way ?? way);
        if (next === undefined) throw new LifeboatError('asset.vanished', 'the server ended the stream');
        const place = { timeline: next.timeline, position: floorTo(next.at, this.#segmentBytes) };
        start = { ...place, fallback: place, isGap: false, ...(start.way === undefined ? {} : { way: start.way }) };
      }
    } catch (error) {
      if (!signal.aborted) throw serverError(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#isOver = true;
      await this.#close();
    }
  }

  async #open(): Promise<void> {
    const bounds = { connectionTimeoutMillis: limits.streamSilenceMs };
    const silenceMs = this.#options.bounds?.silenceMs ?? limits.streamSilenceMs;
    // A server that hangs answers nothing, and says nothing of that either.
    const { url, applicationName } = this.#settings;
    this.#ordinary = await this.#unlessOver(connect(url, { ...bounds, query_timeout: silenceMs }));
    this.#replication = await this.#unlessOver(connectReplication(url, applicationName, bounds));
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
    if (slotMiBMax === -1 && this.#around.told.slotMiBMax !== -1) {
      this.#options.say({
        state: 'finding',
        reason: 'max_slot_wal_keep_size is -1: while the stream is away, its slot can fill the disk of the server',
        hint: "ALTER SYSTEM SET max_slot_wal_keep_size = '10GB'; SELECT pg_reload_conf();",
        stores: [],
      });
    }
    this.#around.told.slotMiBMax = slotMiBMax;
  }

  /** Nobody else would end a connection that opens behind a stop. */
  async #unlessOver(opening: Promise<Client>): Promise<Client> {
    const client = await opening;
    if (!this.#isOver) return client;
    await endConnection(client);
    throw stopped();
  }

  async #askWay(): Promise<Way> {
    const replication = this.#replication as Client;
    const { timeline } = await identifySource(replication);
    if (timeline === 1) return { forks: [], timeline };
    const history = await historyOf(replication, timeline);
    return { forks: forksOf(history), timeline, history };
  }

  /** One timeline, to its end. */
  async #stream(start: Start, way: Way): Promise<Awaited<ReturnType<TimelineStream['run']>>> {
    const answers = start.answers ?? (await unlessEnded(askStores(this.#options, way), this.#options.signal));
    const { url, slot, applicationName } = this.#settings;
    this.#current = new TimelineStream({
      url,
      slot,
      // The server would take for the stream's own word what a connection of the same name says is flushed.
      besideName: `${applicationName.slice(0, 50)}_beside`,
      options: this.#options,
      ordinary: this.#ordinary as Client,
      replication: this.#replication as Client,
      segmentBytes: this.#segmentBytes,
      way,
      start,
      began: (place) => this.#around.began(place),
    });
    try {
      return await this.#current.run(answers);
    } finally {
      this.#hasStreamed ||= this.#current.hasStreamed;
    }
  }

  async #close(): Promise<void> {
    const clients = [this.#replication, this.#ordinary].filter((client) => client !== undefined);
    await Promise.all(clients.map((client) => endConnection(client)));
  }
}

/** Stores and servers may hang, all of them, and heed no stop: who is stopped leaves them behind. Throws `operation.cancelled`. */
const unlessEnded = <T>(asked: Promise<T>, signal: AbortSignal): Promise<T> => unlessStopped(asked, signal, stopped);

const stopped = (): LifeboatError => new LifeboatError('operation.cancelled', 'the stream was stopped');
