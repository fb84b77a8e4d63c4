import { assert, isLifeboatError, systemClock, toLifeboatError, type LifeboatError } from '../../../../core/index.ts';
import type { LogPiece, LogRange, LogWriter, StoredRange } from '../../../log.ts';
import { Growth } from './growth.ts';
import { Overlap } from './overlap.ts';
import type { LogWindow } from '../received/window.ts';

export interface SinkOptions {
  readonly store: string;
  readonly log: LogWriter;
  /** The time between two writes, milliseconds; 0: as soon as something is there. A whole cell is written sooner, and what soon will be one a quarter later, two seconds at most. */
  readonly everyMs: number;
  /** Where commits wait: additions are written in this thread, which waits for the disk. For whoever has nothing else to do. */
  readonly mayWait?: boolean;
  /** Something became durable, or a store failed. */
  readonly changed: () => void;
}

/** A last piece waits no longer for its cell to be whole: whoever writes every five minutes chose what may be lost. */
const cellWaitMsMax = 2_000;

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
  readonly #overlap: Overlap;
  #durable: bigint;
  #compacted: bigint;
  #failure: LifeboatError | undefined;
  #wake: (() => void) | undefined;
  /** Called when there is log up to the position, and at a stop. */
  #awaited: { readonly position: bigint; readonly wake: () => void } | undefined;
  readonly #stop = new AbortController();
  #done: Promise<void> | undefined;
  #compaction: Promise<void> = Promise.resolve();
  #hasLeft = false;
  #isNowDue = false;

  /** `durable`: the store has all before this position. */
  constructor(options: SinkOptions, window: LogWindow, durable: bigint, pieces: readonly LogPiece[]) {
    this.options = options;
    this.#window = window;
    this.#durable = durable;
    this.#compacted = window.oldest;
    this.#pieces = pieces.filter((piece) => this.#isOpen(piece));
    this.#overlap = new Overlap(options, window, [...this.#pieces]);
    this.#growth = options.everyMs === 0 ? new Growth(options.log, pieces) : undefined;
  }

  get durable(): bigint {
    return this.#durable;
  }

  /** So much of what the server sends is in the store for good: of what it sends once more, that which was compared. */
  get acknowledged(): bigint {
    return this.#overlap.from ?? this.#durable;
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
    if (this.options.mayWait === true && this.#wake !== undefined && !this.#stop.signal.aborted) {
      // A read of the network brings several messages: they are stored as one.
      if (!this.#isNowDue) queueMicrotask(() => this.#storeNow());
      this.#isNowDue = true;
      return;
    }
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
    if (this.#awaited === undefined || this.#window.end < this.#awaited.position) return;
    this.#awaited.wake();
    this.#awaited = undefined;
  }

  /** What was just received, if it continues the piece that grows and all before it is stored; else the turn of the loop has come. */
  #storeNow(): void {
    this.#isNowDue = false;
    const cell = this.#wake === undefined ? undefined : this.#window.rangeOfCell(this.#durable);
    const stored =
      cell === undefined || cell.isComplete
        ? undefined
        : this.#growth?.addNow({ ...cell.range, start: this.#durable }, (range) => this.#window.part(range));
    if (stored === undefined) return this.#wakeUp();
    this.#hasStored(stored);
    this.options.changed();
  }

  /** Ends without what is still to be stored, and without waiting for a store that hangs; from now on the window may drop what this lacks. */
  leave(): void {
    this.#hasLeft = true;
    this.#interrupt();
    void this.#done?.then(() => this.#growth?.close()); // neither of them throws
  }

  /** Stores all that was received, as far as the store lets it, and ends. */
  async end(): Promise<void> {
    this.#interrupt();
    await this.#done;
    await this.#compaction;
    // What still grows is left as a piece like any other; if not now, the next stream does it.
    await this.#growth?.end();
  }

  #interrupt(): void {
    this.#stop.abort();
    this.#wakeUp();
    this.#awaited?.wake();
  }

  async #run(): Promise<void> {
    for (let isDue = true; ;) {
      const startedMs = systemClock.elapsed();
      try {
        await this.#store(isDue || this.#stop.signal.aborted);
        this.#setFailure(undefined);
      } catch (error) {
        this.#setFailure(toLifeboatError(error));
        if (this.#stop.signal.aborted || isLifeboatError(error, 'log.conflict')) return;
        await this.#pause(retryMs);
        continue;
      }
      if (this.#hasLeft || (this.#stop.signal.aborted && this.#durable >= this.#window.end)) return;
      if (this.#overlap.isDue) continue;
      if (this.#durable >= this.#window.end) await this.#news();
      isDue = await this.#untilDue(startedMs);
    }
  }

  /**
   * Until the next write is due; false: only a cell is whole so far. One that fills in less time than lies between two writes is written once, as a
   * whole: each piece of it would be packed, sealed and synced to be thrown away within a second, on the processor of a server that has much to do.
   */
  async #untilDue(startedMs: number): Promise<boolean> {
    const { everyMs } = this.options;
    if (everyMs === 0) return true;
    if (await this.#untilWhole(startedMs + everyMs)) return false;
    const { end } = this.#window;
    const sinceMs = systemClock.elapsed() - startedMs;
    const leftMs = (Number(this.#cellEnd - end) * sinceMs) / Number(end - this.#durable);
    const extraMs = Math.min(everyMs / 4, cellWaitMsMax);
    if (leftMs <= extraMs) await this.#untilWhole(startedMs + everyMs + extraMs);
    return true;
  }

  /** Behind the cell that is being stored. */
  get #cellEnd(): bigint {
    const bytes = BigInt(this.#window.cellBytes);
    return (this.#durable / bytes + 1n) * bytes;
  }

  /** Waits until that moment, or until the cell is whole: then true. */
  async #untilWhole(untilMs: number): Promise<boolean> {
    const position = this.#cellEnd;
    const waitMs = untilMs - systemClock.elapsed();
    if (this.#window.end >= position) return true;
    if (waitMs <= 0 || this.#stop.signal.aborted) return false;
    const sooner = new AbortController();
    this.#awaited = { position, wake: () => sooner.abort() };
    await systemClock.sleep(waitMs, sooner.signal).catch(() => {}); // it is over sooner
    this.#awaited = undefined;
    return this.#window.end >= position;
  }

  /** All there is, or without `isDue` whole cells only. */
  async #store(isDue: boolean): Promise<void> {
    await this.#overlap.compare(({ start, end }) => {
      if (start === this.#compacted) this.#compacted = end;
    });
    const settled = await this.#growth?.settle();
    this.#pieces.push(...(settled?.filter((piece) => this.#isOpen(piece)) ?? []));
    // What came while it was compared is met by the next turn.
    const until = this.#overlap.from === undefined ? this.#window.end : this.#durable;
    while (this.#durable < until && !this.#hasLeft) {
      const cell = this.#window.rangeOfCell(this.#durable);
      assert(cell !== undefined, 'what a store lacks is in memory');
      const { range, isComplete } = cell;
      if (isComplete && this.#isMostlyNew(range)) await this.#storeWhole(range);
      else {
        if (!isComplete && !isDue) break;
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

  /** Less than half of the cell is stored: it is stored as one at once, which takes less than twice as long as the rest of it, and nothing behind that. */
  #isMostlyNew({ start, end }: LogRange): boolean {
    const stored = this.#durable - start;
    return stored === 0n || (this.#growth === undefined && 2n * stored <= end - start);
  }

  async #storeWhole(range: LogRange): Promise<void> {
    const { bytes, marks } = this.#window.part(range);
    await this.options.log.append(range, bytes, marks);
    this.#durable = range.end;
    this.#behindStream(range, (pieces) => this.options.log.remove(pieces));
  }

  async #storePiece(piece: LogRange): Promise<void> {
    const grown = await this.#growth?.add(piece, (range) => this.#window.part(range));
    if (grown === undefined) {
      const { bytes, marks } = this.#window.part(piece);
      await this.options.log.append(piece, bytes, marks, { isPassing: true });
    }
    this.#hasStored(grown ?? piece);
  }

  #hasStored(stored: StoredRange): void {
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
    if (cell?.isComplete === true && cell.range.end <= this.acknowledged) this.#compact(cell.range);
  }

  #compact(range: LogRange): void {
    this.#behindStream(range, (pieces) => this.options.log.compact(range, pieces, this.#window.part(range)));
  }

  /** Beside the stream, for commits may wait for what comes next: a whole cell stands in the place of its pieces. */
  #behindStream(range: LogRange, replace: (pieces: StoredRange[]) => Promise<void>): void {
    this.#compaction = this.#compactAfter(this.#compaction, range, replace);
  }

  async #compactAfter(
    before: Promise<void>,
    range: LogRange,
    replace: (pieces: StoredRange[]) => Promise<void>,
  ): Promise<void> {
    await before;
    if (range.end <= this.#compacted || this.#hasLeft) return;
    const isInside = ({ start, end }: LogRange): boolean => start >= range.start && end <= range.end;
    try {
      await replace(this.#pieces.filter(isInside));
      this.#pieces = this.#pieces.filter((piece) => !isInside(piece));
    } catch (error) {
      // The pieces are there and say the same: another stream, or a prune, puts them together.
      if (isLifeboatError(error, 'log.conflict')) this.#setFailure(error);
    }
    this.#compacted = range.end;
    this.options.changed();
  }

  #setFailure(failure: LifeboatError | undefined): void {
    // No write behind a conflict mends it, and whoever ends the stream for it looks now and then.
    if (this.#failure === failure || isLifeboatError(this.#failure, 'log.conflict')) return;
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
