import { assert, isLifeboatError, systemClock, toLifeboatError, type LifeboatError } from '../../../../core/index.ts';
import type { LogPiece, LogRange, LogWriter, StoredRange } from '../../../log.ts';
import { Growth } from './growth.ts';
import type { LogWindow } from '../received/window.ts';

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
  #pieces: StoredRange[];
  /** Where commits wait, and the store can do it, the pieces of a cell are one that grows. */
  readonly #growth: Growth | undefined;
  #durable: bigint;
  #compacted: bigint;
  #failure: LifeboatError | undefined;
  #wake: (() => void) | undefined;
  readonly #stop = new AbortController();
  #done: Promise<void> | undefined;
  #compaction: Promise<void> = Promise.resolve();
  #hasLeft = false;

  /** `durable`: the store has all before this position. */
  constructor(options: SinkOptions, window: LogWindow, durable: bigint, pieces: readonly LogPiece[]) {
    this.options = options;
    this.#window = window;
    this.#durable = durable;
    this.#compacted = window.oldest;
    this.#pieces = pieces.filter((piece) => this.#isOpen(piece));
    this.#growth = options.everyMs === 0 ? new Growth(options.log, pieces) : undefined;
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
    void this.#done?.then(() => this.#growth?.close()); // neither of them throws
  }

  /** Stores all that was received, as far as the store lets it, and ends. */
  async end(): Promise<void> {
    this.#stop.abort();
    this.rouse();
    await this.#done;
    await this.#compaction;
    // What still grows is left as a piece like any other; if not now, the next stream does it.
    await this.#growth?.end();
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
    const settled = await this.#growth?.settle();
    this.#pieces.push(...(settled?.filter((piece) => this.#isOpen(piece)) ?? []));
    const until = this.#window.end;
    while (this.#durable < until && !this.#hasLeft) {
      const cell = this.#window.rangeOfCell(this.#durable);
      assert(cell !== undefined, 'what a store lacks is in memory');
      const { range, isComplete } = cell;
      // Little is stored of a whole cell: it is stored as one at once.
      if (isComplete && this.#durable === range.start) await this.#storeWhole(range);
      else {
        await this.#storePiece({ ...range, start: this.#durable });
        if (isComplete && this.#durable === range.end) {
          await this.#growth?.close();
          this.#compact(range);
        }
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

  async #storePiece(piece: LogRange): Promise<void> {
    const grown = await this.#growth?.add(piece, (range) => this.#window.part(range));
    if (grown === undefined) {
      const { bytes, marks } = this.#window.part(piece);
      await this.options.log.append(piece, bytes, marks, { isPassing: true });
    }
    const stored: StoredRange = grown ?? piece;
    // One that grew is in the place of what it was before.
    if (stored.growing !== undefined) this.#pieces = this.#pieces.filter(({ growing }) => growing !== stored.growing);
    this.#pieces.push(stored);
    this.#durable = stored.end;
  }

  /** Of a cell that is not whole in the store yet. */
  #isOpen({ timeline, end }: LogRange): boolean {
    return timeline === this.#window.timeline && end > this.#compacted;
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
