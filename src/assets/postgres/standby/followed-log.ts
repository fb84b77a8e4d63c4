import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isLifeboatError,
  systemCodeOf,
  systemClock,
  toLifeboatError,
  type LifeboatError,
} from '../../../core/index.ts';
import { newestLife } from '../../log-lives.ts';
import { coveredTo } from '../../log-ranges.ts';
import type { LogListing, LogReader } from '../../log.ts';
import { forksOf, lsnText, segmentName, segmentOfName } from '../lsn.ts';
import type { LogFiles } from '../recovery/fetcher.ts';
import { readSegment } from '../recovery/survey-log.ts';
import { keepTablespacesInside } from '../recovery/tablespace-records.ts';
import type { Way } from '../stream/resume.ts';

/** A server that asks in vain for so long, though there is more behind, asks in vain for ever. */
const patienceMs = 4_000;

/**
 * The files of a log that grows. Of a segment that is not whole yet the standby gets what is there, with zeros behind it: it replays up to there and asks
 * again. The same once more it does not get, as long as it still has it.
 */
export class FollowedLog implements LogFiles {
  readonly failureCode = 1;
  readonly #log: LogReader;
  readonly #segmentBytes: number;
  readonly #dataFolder: string;
  readonly #given = new Map<string, bigint>();
  #listing: LogListing = { pieces: [], histories: [], clocks: [], endings: [] };
  #way: Way | undefined;
  #next: { timeline: number; start: bigint } | undefined;
  #servedTimeline = 0;
  #opens = false;
  #failure: LifeboatError | undefined;
  /** A segment that the server asks for again and again, that the store does not have, though it has what comes after. */
  #unmet: { readonly start: bigint; readonly sinceMs: number; lastMs: number; readonly text: string } | undefined;

  constructor(log: LogReader, segmentBytes: number, dataFolder: string) {
    this.#log = log;
    this.#segmentBytes = segmentBytes;
    this.#dataFolder = dataFolder;
  }

  get listing(): LogListing {
    return this.#listing;
  }

  /** Undefined before the first look. */
  get way(): Way | undefined {
    return this.#way;
  }

  /** The timeline of the newest segment that was brought. */
  get servedTimeline(): number {
    return this.#servedTimeline;
  }

  /** Why the last file could not be brought, until one could. */
  get failure(): LifeboatError | undefined {
    return this.#failure;
  }

  /** What the server needs and will never get: a sentence. Undefined as long as it may only be a moment's matter. */
  get lack(): string | undefined {
    if (this.#unmet === undefined) return undefined;
    const { sinceMs, lastMs, text } = this.#unmet;
    return lastMs - sinceMs > patienceMs ? text : undefined;
  }

  /** Looks into the store. Throws what `LogReader.list` throws. */
  async look(signal: AbortSignal): Promise<void> {
    const listing = await this.#log.list({ signal });
    const timeline = await newestLife(this.#log, listing);
    if (this.#way?.timeline !== timeline)
      this.#way = { timeline, forks: timeline === 1 ? [] : forksOf(await this.#log.history(timeline)) };
    this.#listing = listing;
  }

  /** From now on the server asks which numbers of timelines are taken: it has replayed what it goes along, and opens on one of its own. */
  opens(): void {
    this.#opens = true;
  }

  /** A server that starts anew asks for what it had before. */
  forget(): void {
    this.#given.clear();
    this.#next = undefined;
    this.#unmet = undefined;
  }

  /** The segment behind the last that was asked for, if it is whole. */
  next(): string | undefined {
    if (this.#next === undefined) return undefined;
    const { timeline, start } = this.#next;
    const end = start + BigInt(this.#segmentBytes);
    if (coveredTo(this.#listing.pieces, timeline, start) < end) return undefined;
    this.#next = { timeline, start: end };
    return segmentName(timeline, start, this.#segmentBytes);
  }

  asked(name: string): void {
    const segment = segmentOfName(name, this.#segmentBytes);
    if (segment === undefined) return;
    const next = { ...segment, start: segment.start + BigInt(this.#segmentBytes) };
    // What is ahead already is not brought twice.
    if (this.#next?.timeline === next.timeline && this.#next.start > next.start) return;
    if (this.#holds(segment.timeline, segment.start)) this.#next = next;
  }

  async bytesOf(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      const bytes = await this.#bytesOf(name, signal);
      this.#failure = undefined;
      return bytes;
    } catch (error) {
      if (signal.aborted || !isLifeboatError(error)) throw error;
      // The store is away, or something in it is damaged: the standby asks again, and its state says why it waits.
      this.#failure = toLifeboatError(error);
      return undefined;
    }
  }

  async #bytesOf(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (history !== undefined) {
      const timeline = Number.parseInt(history, 16);
      return this.#tells(timeline) ? Buffer.from(await this.#log.history(timeline)) : undefined;
    }
    const segment = segmentOfName(name, this.#segmentBytes);
    if (segment === undefined) return undefined;
    const { timeline, start } = segment;
    if (!this.#holds(timeline, start)) return this.#miss(timeline, start, start);
    const segmentEnd = start + BigInt(this.#segmentBytes);
    const covered = coveredTo(this.#listing.pieces, timeline, start);
    const end = covered < segmentEnd ? covered : segmentEnd;
    if (this.#given.get(name) === end && (await this.#hasIt(name))) return this.#miss(timeline, start, covered);
    const options = { segmentBytes: this.#segmentBytes, signal };
    const whole = await readSegment(this.#log, this.#listing.pieces, { timeline, start, end }, options);
    keepTablespacesInside(whole, start);
    this.#given.set(name, end);
    this.#unmet = undefined;
    this.#servedTimeline = Math.max(this.#servedTimeline, timeline);
    return whole;
  }

  /**
   * The server goes along the newest timeline of which it hears: not of one behind the life that the log goes on with, which people went back from, unless it
   * looks for a number that no life has had. It counts up to the first of which it hears nothing, so that it hears of all before.
   */
  #tells = (timeline: number): boolean =>
    this.#listing.histories.includes(timeline) && (this.#opens || timeline <= (this.#way?.timeline ?? 1));

  /** The end of the log is no lack; a hole in it is. */
  #miss(timeline: number, start: bigint, from: bigint): undefined {
    const beyond = this.#listing.pieces.find((piece) => piece.timeline === timeline && piece.start > from);
    if (beyond === undefined) return;
    const nowMs = systemClock.elapsed();
    const text = `the log from ${lsnText(from)} to ${lsnText(beyond.start)} is not in the store any more`;
    if (this.#unmet?.start === start) this.#unmet.lastMs = nowMs;
    else this.#unmet = { start, sinceMs: nowMs, lastMs: nowMs, text };
  }

  #holds = (timeline: number, start: bigint): boolean => coveredTo(this.#listing.pieces, timeline, start) > start;

  async #hasIt(name: string): Promise<boolean> {
    try {
      return (await stat(join(this.#dataFolder, 'pg_wal', name))).isFile();
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }
}
