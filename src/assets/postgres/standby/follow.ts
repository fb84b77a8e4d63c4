import { isLifeboatError, LifeboatError, systemClock, toLifeboatError } from '../../../core/index.ts';
import type { FollowEnd, FollowOptions } from '../../standby.ts';
import { withConnection } from '../link/connection.ts';
import { lsnValue } from '../base/end-of-backup.ts';
import { floorTo, lsnText } from '../lsn.ts';
import { LogFetcher } from '../recovery/fetcher.ts';
import { segmentBytesOf } from '../recovery/choose-way.ts';
import { isWhole, legsFrom, type Leg } from '../recovery/survey-log.ts';
import { FollowedLog } from './followed-log.ts';
import { Lag } from './lag.ts';
import { reasonLost } from './lost.ts';
import { promote } from './promote.ts';
import { isOfRoom, lackOfRoom } from './room.ts';
import { isRunning, logFolderOf, openServer, type StandbyServer } from './standby-server.ts';

/** So often in a row a server that ended by itself is started again; then its folder is no good. */
const startsMax = 3;

/** How soon a full disk is looked at again. */
const roomLookMs = 5_000;

/** Where the standby is, as its server says. */
export interface Standing {
  readonly timeline: number;
  readonly replayed: bigint;
  readonly newestCommitMs: number | undefined;
  readonly paused: boolean;
}

/** See `StandbyKeeping.follow`. */
export async function followLog(folder: string, sourceUrl: string, options: FollowOptions): Promise<FollowEnd> {
  const segmentBytes = segmentBytesOf(options.note.facts);
  const log = new FollowedLog(options.log, segmentBytes, folder);
  const fetcher = new LogFetcher(log);
  if (!(await beginFetching(fetcher, folder, options))) return { end: 'stopped' };
  const standby = new Follower({ folder, sourceUrl, segmentBytes, log, fetcher, options });
  try {
    return await standby.run();
  } finally {
    await fetcher.close();
  }
}

/** A disk that is full when it begins is waited for too; false: it was stopped meanwhile. */
async function beginFetching(fetcher: LogFetcher, folder: string, { say, signal }: FollowOptions): Promise<boolean> {
  while (!signal.aborted) {
    try {
      await fetcher.begin(logFolderOf(folder));
      return true;
    } catch (error) {
      if (!isOfRoom(error)) throw error;
      say({ state: 'waiting', reason: toLifeboatError(error).message });
      await systemClock.sleep(roomLookMs, signal).catch(() => {}); // stopped: the loop ends
    }
  }
  return false;
}

interface Parts {
  readonly folder: string;
  readonly sourceUrl: string;
  readonly segmentBytes: number;
  readonly log: FollowedLog;
  readonly fetcher: LogFetcher;
  readonly options: FollowOptions;
}

class Follower {
  readonly #parts: Parts;
  #server: StandbyServer | undefined;
  #starts = 0;
  /** When the last look into the store began that was answered. */
  #listedMs = 0;
  readonly #lag = new Lag();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async run(): Promise<FollowEnd> {
    const { options, log } = this.#parts;
    try {
      while (!options.signal.aborted) {
        const failure = await this.#look();
        const standing = await this.#standing();
        if (standing === undefined) {
          if (log.lack !== undefined) return await this.#lose(log.lack);
          if (this.#starts > startsMax) return { end: 'lost', reason: 'its server ends again and again' };
          continue;
        }
        const lost = reasonLost(log, standing);
        if (lost !== undefined) return await this.#lose(lost);
        this.#say(standing, failure);
        if (options.ordered()) return await this.#promote();
        await systemClock.sleep(options.everyMs, options.signal).catch(() => {}); // stopped: the loop ends
      }
      await this.#server?.stop();
      return { end: 'stopped' };
    } catch (error) {
      if (!options.signal.aborted) throw error;
      await this.#server?.stop();
      return { end: 'stopped' };
    }
  }

  /** Why the store could not be asked, or nothing of it be brought, if so. The standby goes on with what it has. */
  async #look(): Promise<string | undefined> {
    const nowMs = systemClock.now();
    try {
      await this.#parts.log.look(this.#parts.options.signal);
      this.#listedMs = nowMs;
      return (this.#parts.log.failure ?? this.#parts.fetcher.failure)?.message;
    } catch (error) {
      if (!isLifeboatError(error) || this.#parts.options.signal.aborted) throw error;
      return error.message;
    }
  }

  /** Undefined when its server had to be started and did not answer: then it is looked at again. */
  async #standing(): Promise<Standing | undefined> {
    const { options, log } = this.#parts;
    this.#server ??= await this.#start();
    if (this.#server === undefined) return undefined;
    try {
      const standing = await standingOf(this.#server.url);
      this.#starts = 0;
      return { ...standing, timeline: Math.max(standing.timeline, log.servedTimeline) };
    } catch (error) {
      options.say({ state: 'waiting', reason: `its server does not answer: ${toLifeboatError(error).message}` });
      await systemClock.sleep(options.everyMs, options.signal);
      // Whatever is left of it ends before a new one starts.
      await this.#server.stop();
      this.#server = undefined;
      return undefined;
    }
  }

  /** It answers when it has replayed as far as it had come before; what it needs for that may be gone. */
  async #start(): Promise<StandbyServer | undefined> {
    const { folder, sourceUrl, fetcher, options, log, segmentBytes } = this.#parts;
    // One that still runs needs nothing to be started, and may be what people are waiting for.
    const lack = await lackOfRoom(folder, segmentBytes);
    if (lack !== undefined && !(await isRunning(folder))) return this.#waitForRoom(lack);
    options.say({ state: 'starting' });
    log.forget();
    this.#starts += 1;
    const [ended, lacking] = [new AbortController(), new AbortController()];
    const signal = AbortSignal.any([options.signal, lacking.signal]);
    const watching = this.#watch(ended.signal, lacking);
    try {
      // For another port it would be started again.
      const { port, ...others } = options;
      const wanted = lack === undefined && port !== undefined ? { port } : {};
      return await openServer(folder, sourceUrl, fetcher, { ...others, ...wanted, signal });
    } catch (error) {
      // The folder is as good as before: made anew it would need the same room, and the old one would go for that.
      if (!options.signal.aborted && isOfRoom(error)) return await this.#waitForRoom(toLifeboatError(error).message);
      if (options.signal.aborted || (log.lack === undefined && !isLifeboatError(error, 'asset.start_failed')))
        throw error;
      if (log.lack === undefined) options.say({ state: 'waiting', reason: toLifeboatError(error).message });
      return undefined;
    } finally {
      ended.abort();
      await watching;
    }
  }

  /** For as long as it takes: no start is counted. */
  async #waitForRoom(reason: string): Promise<undefined> {
    const { options } = this.#parts;
    this.#starts = 0;
    options.say({ state: 'waiting', reason });
    await systemClock.sleep(roomLookMs, options.signal);
  }

  async #watch(ended: AbortSignal, lacking: AbortController): Promise<void> {
    const { options, log } = this.#parts;
    while (!ended.aborted && !options.signal.aborted && log.lack === undefined) {
      await systemClock.sleep(options.everyMs, ended).catch(() => {}); // it answers, or will not
      if (ended.aborted || options.signal.aborted) return;
      // A store that is away is waited for; the loop that follows says so.
      await this.#look().catch(() => undefined);
    }
    if (log.lack !== undefined) lacking.abort(new LifeboatError('log.gap', log.lack));
  }

  #say(standing: Standing, failure: string | undefined): void {
    const { log, options } = this.#parts;
    const { replayed, newestCommitMs } = standing;
    const last = this.#legs(standing).at(-1) as Leg;
    const behindBytes = Number(last.to > replayed ? last.to - replayed : 0n);
    const reason = failure ?? (standing.paused ? paused : undefined);
    const completeToMs = log.listing.clocks.findLast(({ position }) => position <= replayed)?.atMs;
    const knownMs = Math.max(newestCommitMs ?? 0, completeToMs ?? 0);
    const [listedMs, nowMs] = [this.#listedMs, systemClock.now()];
    const behindSeconds = this.#lag.secondsBehind({ behindBytes, listedMs, knownMs, nowMs });
    options.say({
      state: reason === undefined ? 'following' : 'waiting',
      ...(reason === undefined ? {} : { reason }),
      url: this.#server?.shownUrl ?? '',
      ...(this.#server?.address === undefined ? {} : { address: this.#server.address }),
      timeline: standing.timeline,
      replayed: lsnText(replayed),
      stored: lsnText(last.to),
      behindBytes,
      ...(behindSeconds === undefined ? {} : { behindSeconds }),
      ...(newestCommitMs === undefined ? {} : { newestCommitMs }),
    });
  }

  #legs({ timeline, replayed }: Standing): Leg[] {
    const { log, segmentBytes, options } = this.#parts;
    const place = { source: options.note.source, timeline, start: floorTo(replayed, segmentBytes), end: replayed };
    return legsFrom(place, log.listing.pieces, log.way ?? { forks: [], timeline }, segmentBytes);
  }

  /** A hole in the log looks like its end to the server, which would open there happily: then a new one is made first. */
  async #gap(): Promise<string | undefined> {
    await this.#look();
    const { log } = this.#parts;
    const standing = await standingOf((this.#server as StandbyServer).url);
    const legs = this.#legs({ ...standing, timeline: Math.max(standing.timeline, log.servedTimeline) });
    const last = legs.at(-1) as Leg;
    if (log.way === undefined || isWhole(legs, log.listing.pieces, log.way)) return undefined;
    return `the log in the store has a hole at ${lsnText(last.to)} on timeline ${last.timeline}`;
  }

  async #lose(reason: string): Promise<FollowEnd> {
    await this.#server?.stop();
    return { end: 'lost', reason };
  }

  async #promote(): Promise<FollowEnd> {
    const { folder, options, log, segmentBytes } = this.#parts;
    const server = this.#server as StandbyServer;
    const legs = (standing: Standing): Leg[] => this.#legs(standing);
    const gap = await this.#gap();
    if (gap !== undefined) return this.#lose(gap);
    const standing = async (): Promise<Standing> => {
      const found = await standingOf(server.url);
      return { ...found, timeline: Math.max(found.timeline, log.servedTimeline) };
    };
    const promotion = await promote(
      { folder, server, log, reader: options.log, segmentBytes, legs, standing },
      options,
    );
    return { end: 'promoted', promotion };
  }
}

const paused =
  'replay is paused: the source was given more connections or workers than this standby has; a new recovery point brings the new numbers';

const standingOf = (url: string): Promise<Standing> =>
  withConnection(url, async (client) => {
    const { rows } = await client.query<{ lsn: string | null; at: string | null; timeline: number; paused: boolean }>(
      `select pg_last_wal_replay_lsn()::text as lsn,
              floor(extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::text as at,
              timeline_id as timeline,
              pg_is_in_recovery() and pg_is_wal_replay_paused() as paused
         from pg_control_checkpoint()`,
    );
    const { lsn = null, at = null, timeline = 1, paused: isPaused = false } = rows[0] ?? {};
    return {
      timeline: Number(timeline),
      replayed: lsn === null ? 0n : lsnValue(lsn),
      newestCommitMs: at === null ? undefined : Number(at),
      paused: isPaused,
    };
  });
