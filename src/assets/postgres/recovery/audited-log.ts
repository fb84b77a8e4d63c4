import { isLifeboatError, type LifeboatError } from '../../../core/index.ts';
import type { LogListing, LogReader } from '../../log.ts';
import { floorTo, segmentName, segmentOfName } from '../lsn.ts';
import type { LogFiles } from './fetcher.ts';
import { readSegment, type Leg } from './survey-log.ts';
import { keepTablespacesInside } from './tablespace-records.ts';

export interface AuditedWay {
  readonly legs: readonly Leg[];
  readonly segmentBytes: number;
  /** What is said where an object on it turns out damaged. */
  refusalFor(damage: LifeboatError): Promise<LifeboatError>;
}

/** The files of a way through the log that was audited, and no others. */
export class AuditedLog implements LogFiles {
  readonly failureCode = 126;
  readonly #log: LogReader;
  readonly #listing: LogListing;
  readonly #legs: readonly Leg[];
  readonly #segmentBytes: number;
  readonly #refusalFor: AuditedWay['refusalFor'];
  /** Names that were not brought yet, in the order of the log. */
  #ahead: string[];

  constructor(log: LogReader, listing: LogListing, { legs, segmentBytes, refusalFor }: AuditedWay) {
    this.#log = log;
    this.#listing = listing;
    this.#legs = legs;
    this.#segmentBytes = segmentBytes;
    this.#refusalFor = refusalFor;
    this.#ahead = this.#sequence();
  }

  next(): string | undefined {
    return this.#ahead.shift();
  }

  /** No longer ahead. It may be asked for again. */
  asked(name: string): void {
    this.#ahead = this.#ahead.filter((one) => one !== name);
  }

  /** `undefined`: the log has no such file, and the audit knew. */
  async bytesOf(name: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const history = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
    if (history !== undefined) {
      const timeline = Number.parseInt(history, 16);
      return this.#listing.histories.includes(timeline) ? Buffer.from(await this.#log.history(timeline)) : undefined;
    }
    const segment = segmentOfName(name, this.#segmentBytes);
    if (segment === undefined) return undefined;
    const leg = this.#legs.find(({ timeline }) => timeline === segment.timeline);
    const { start, timeline } = segment;
    const end = start + BigInt(this.#segmentBytes);
    // Before the first leg the point brings its own log; behind the last one is nothing that was audited.
    if (leg === undefined || start < leg.from || start >= leg.to) return undefined;
    const known = { timeline, start, end: end < leg.to ? end : leg.to };
    const options = { segmentBytes: this.#segmentBytes, signal };
    const whole = await readSegment(this.#log, this.#listing.pieces, known, options).catch(async (error: unknown) => {
      const isDamage = isLifeboatError(error, 'repository.damaged') || isLifeboatError(error, 'repository.unreadable');
      throw isDamage ? await this.#refusalFor(error) : error;
    });
    keepTablespacesInside(whole, start);
    return whole;
  }

  /** Each segment on the newest timeline that holds it, as the server will ask. */
  #sequence(): string[] {
    return this.#legs.flatMap(({ timeline, from, to, forkAt }) => {
      const names: string[] = [];
      const end = forkAt === undefined ? to : floorTo(forkAt, this.#segmentBytes);
      for (let at = from; at < end; at += BigInt(this.#segmentBytes))
        names.push(segmentName(timeline, at, this.#segmentBytes));
      return names;
    });
  }
}
