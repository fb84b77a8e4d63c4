import { assert, isLifeboatError, systemClock, toLifeboatError, type LifeboatError } from '../../../core/index.ts';
import type { LogRange, LogWriter } from '../../log.ts';
import type { LogWindow } from './window.ts';

export interface SinkOptions {
  readonly store: string;
  readonly log: LogWriter;
  /** The least time between two writes, milliseconds; 0: as soon as something is there. */
  readonly everyMs: number;
  /** Something became durable, or a store failed. */
  readonly changed: () => void;
}

/** What is waited between two tries of a store that failed, beyond the tries of the store itself. */
const retryMs = 1_000;

/** Brings a window of log into one store, piece by piece, and puts whole cells in the place of their pieces. */
export class Sink {
  readonly options: SinkOptions;
  readonly #window: LogWindow;
  /** Pieces in the store that have no whole cell yet. */
  #pieces: LogRange[];
  #durable: bigint;
  #compacted: bigint;
  #failure: LifeboatError | undefined;
  #wake: (() => void) | undefined;
  readonly #stop = new AbortController();
  #done: Promise<void> | undefined;
  #compaction: Promise<void> = Promise.resolve();
  #hasLeft = false;

  /** `durable`: the store has all before this position. */
  constructor(options: SinkOptions, window: LogWindow, durable: bigint, pieces: readonly LogRange[]) {
    this.options = options;
    this.#window = window;
    this.#durable = durable;
    this.#compacted = window.oldest;
    this.#pieces = pieces.filter(({ timeline, end }) => timeline === window.timeline && end > this.#compacted);
  }

  get durable(): bigint {
    return this.#durable;
  }

  /** Before this position the window is not needed any more. */
  get needsFrom(): bigint {
    return this.#compacted;
  }

  /** Why nothing gets on, if so. */
  get failure(): LifeboatError | undefined {
    return this.#failure;
  }

  begin(): void {
    this.#done ??= this.#run();
  }

  /** Something was received. */
  rouse(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** Ends without what is still to be stored, and without waiting for a store that hangs; from now on the window may drop what this lacks. */
  leave(): void {
    this.#hasLeft = true;
    this.#stop.abort();
    this.rouse();
  }

  /** Stores all that was received, as far as the store lets it, and ends. */
  async end(): Promise<void> {
    this.#stop.abort();
    this.rouse();
    await this.#done;
    await this.#compaction;
  }

  async #run(): Promise<void> {
    for (;;) {
      const startedMs = systemClock.elapsed();
      try {
        await this.#store();
        this.#setFailure(undefined);
      } catch (error) {
        this.#setFailure(toLifeboatError(error));
        if (this.#stop.signal.aborted || isLifeboatError(error, 'log.conflict')) return;
        await this.#pause(retryMs);
        continue;
      }
      if (this.#hasLeft || (this.#stop.signal.aborted && this.#durable >= this.#window.end)) return;
      if (this.#durable >= this.#window.end) await this.#news();
      await this.#pause(this.options.everyMs - (systemClock.elapsed() - startedMs));
    }
  }

  async #store(): Promise<void> {
    const until = this.#window.end;
    while (this.#durable < until && !this.#hasLeft) {
      const cell = this.#window.rangeOfCell(this.#durable);
      assert(cell !== undefined, 'what a store lacks is in memory');
      const { range, isComplete } = cell;
      const piece = { ...range, start: this.#durable };
      // Little is stored of a whole cell: it is stored as one at once.
      if (isComplete && piece.start === range.start) await this.#storeWhole(range);
      else {
        const { bytes, marks } = this.#window.part(piece);
        await this.options.log.append(piece, bytes, marks);
        this.#pieces.push(piece);
        this.#durable = piece.end;
        if (isComplete) this.#compact(range);
      }
      this.options.changed();
    }
    if (!this.#hasLeft) this.#compactFinished();
  }

  async #storeWhole(range: LogRange): Promise<void> {
    const { bytes, marks } = this.#window.part(range);
    await this.options.log.append(range, bytes, marks);
    this.#durable = range.end;
    this.#compact(range);
  }

  /** Cells that were whole in the store before this stream began, but in pieces. */
  #compactFinished(): void {
    if (this.#durable - this.#compacted < BigInt(this.#window.cellBytes)) return;
    const cell = this.#window.rangeOfCell(this.#compacted);
    if (cell?.isComplete === true && cell.range.end <= this.#durable) this.#compact(cell.range);
  }

  /** Beside the stream: commits may wait for what comes next. */
  #compact(range: LogRange): void {
    this.#compaction = this.#compactAfter(this.#compaction, range);
  }

  async #compactAfter(before: Promise<void>, range: LogRange): Promise<void> {
    await before;
    if (range.end <= this.#compacted || this.#hasLeft) return;
    const isInside = ({ start, end }: LogRange): boolean => start >= range.start && end <= range.end;
    try {
      await this.options.log.compact(range, this.#pieces.filter(isInside), this.#window.part(range));
      this.#pieces = this.#pieces.filter((piece) => !isInside(piece));
    } catch (error) {
      // The pieces are there and say the same: another stream, or a prune, puts them together.
      if (isLifeboatError(error, 'log.conflict')) this.#setFailure(error);
    }
    this.#compacted = range.end;
    this.options.changed();
  }

  #setFailure(failure: LifeboatError | undefined): void {
    if (this.#failure === failure) return;
    this.#failure = failure;
    this.options.changed();
  }

  #news(): Promise<void> {
    return this.#stop.signal.aborted ? Promise.resolve() : new Promise((resolve) => (this.#wake = resolve));
  }

  /** A stop does not wait for the next turn. */
  async #pause(ms: number): Promise<void> {
    if (ms > 0) await systemClock.sleep(ms, this.#stop.signal).catch(() => {}); // it is over sooner
  }
}
