import { isLifeboatError, type LifeboatError } from '../core/index.ts';
import type { LogClock, LogEnding, LogListing, LogMarks, LogPiece, LogReader, StoredRange } from './log.ts';

/** Whoever finds that many of those that were damaged damaged still takes the rest as they were found: one is enough for a hole. */
const damagedReadsMax = 8;

interface Options {
  signal?: AbortSignal;
}

/**
 * A log that says in its listings which pieces are damaged: of those that it was told to suspect the ones that still are, for they may have been written anew
 * since, and whatever turned out so when it was read.
 */
export class WatchedLog implements LogReader {
  readonly #log: LogReader;
  readonly #suspected: (piece: LogPiece) => string | undefined;
  /** By the piece: its object, and `undefined` for one that was suspected and is whole. */
  readonly #judged = new Map<string, string | undefined>();
  #found = 0;

  /** `suspected`: the object of a piece that was found damaged before. */
  constructor(log: LogReader, suspected: (piece: LogPiece) => string | undefined = () => undefined) {
    this.#log = log;
    this.#suspected = suspected;
  }

  get id(): string {
    return this.#log.id;
  }

  /** How many pieces are known to be damaged. */
  get found(): number {
    return this.#found;
  }

  async list(options: Options = {}): Promise<LogListing> {
    const listing = await this.#log.list(options);
    let reads = 0;
    for (const piece of listing.pieces) {
      const suspect = this.#judged.has(nameOf(piece)) ? undefined : this.#suspected(piece);
      if (suspect === undefined) continue;
      if (reads < damagedReadsMax && (await this.#isWhole(piece, options))) this.#judged.set(nameOf(piece), undefined);
      else {
        reads += 1;
        this.#note(piece, suspect);
      }
    }
    return this.marked(listing);
  }

  /** A listing with what is known by now. */
  marked(listing: LogListing): LogListing {
    if (this.#found === 0) return listing;
    const pieces = listing.pieces.map((piece) => {
      const damaged = this.#judged.get(nameOf(piece));
      return damaged === undefined ? piece : { ...piece, damaged };
    });
    return { ...listing, pieces };
  }

  read(piece: StoredRange, options?: Options): Promise<Buffer> {
    return this.#watched(piece, this.#log.read(piece, options));
  }

  marks(piece: StoredRange, options?: Options): Promise<LogMarks> {
    return this.#watched(piece, this.#log.marks(piece, options));
  }

  history(timeline: number): Promise<string> {
    return this.#log.history(timeline);
  }

  clock(clock: LogClock): Promise<void> {
    return this.#log.clock(clock);
  }

  ending(ending: LogEnding): Promise<void> {
    return this.#log.ending(ending);
  }

  async #isWhole(piece: LogPiece, options: Options): Promise<boolean> {
    try {
      await this.#log.marks(piece, options);
      await this.#log.read(piece, options);
      return true;
    } catch (error) {
      // One that went since it was listed is no more damaged; who needs what it held looks again.
      if (isLifeboatError(error, 'repository.incomplete')) return true;
      if (isDamaged(error)) return false;
      throw error;
    }
  }

  async #watched<T>(piece: StoredRange, reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (isDamaged(error)) this.#note(piece, error.where ?? nameOf(piece));
      throw error;
    }
  }

  #note(piece: StoredRange, object: string): void {
    if (this.#judged.get(nameOf(piece)) === undefined) this.#found += 1;
    this.#judged.set(nameOf(piece), object);
  }
}

const isDamaged = (error: unknown): error is LifeboatError =>
  isLifeboatError(error, 'repository.damaged') || isLifeboatError(error, 'repository.unreadable');

const nameOf = ({ timeline, start, end, growing }: StoredRange): string =>
  growing ?? `${timeline} ${start.toString()} ${end.toString()}`;
