import { assert, LifeboatError, limits } from '../../../../core/index.ts';
import type { LogMarks, LogRange } from '../../../log.ts';
import { lsnText } from '../../lsn.ts';
import { RecordWalker, type LogEvent } from './records.ts';

/** The server's clock, and where its log was not before: all that was acknowledged before `atMs` is in the log up to `position`. */
export interface ClockSample {
  readonly position: bigint;
  readonly atMs: number;
}

interface Cell {
  readonly start: bigint;
  readonly bytes: Buffer;
  filled: number;
  /** A store that was given up may still read it. */
  mayBeRead: boolean;
  readonly events: LogEvent[];
  readonly samples: ClockSample[];
}

/**
 * The log of one timeline as it was received and is not yet everywhere: cells of the size of stored objects, with what their
 * records say of time. It begins at the start of a segment.
 */
export class LogWindow {
  readonly timeline: number;
  readonly cellBytes: number;
  readonly #cells: Cell[] = [];
  readonly #walker: RecordWalker;
  readonly #spare: Buffer[] = [];
  #end: bigint;
  #newestCommitMs: number | undefined;

  constructor(timeline: number, start: bigint, segmentBytes: number) {
    assert(start % BigInt(segmentBytes) === 0n, 'a window begins at the start of a segment');
    this.timeline = timeline;
    this.cellBytes = Math.min(segmentBytes, limits.logPieceBytesMax);
    this.#end = start;
    this.#walker = new RecordWalker(start, segmentBytes, (event) => this.#note(event));
  }

  get end(): bigint {
    return this.#end;
  }

  get newestCommitMs(): number | undefined {
    return this.#newestCommitMs;
  }

  /** Behind the last whole record. */
  get endOfRecords(): bigint {
    return this.#walker.end;
  }

  /** Whether the log ended before what was received did. */
  get hasEnded(): boolean {
    return this.#walker.hasEnded;
  }

  /** The first position that is held; where the log goes on if nothing is. */
  get oldest(): bigint {
    return this.#cells[0]?.start ?? this.#end;
  }

  /** Memory that is held. */
  get heldBytes(): number {
    return this.#cells.length * this.cellBytes;
  }

  /** Throws `asset.vanished` when the server left something out. */
  add(start: bigint, bytes: Buffer): void {
    if (start !== this.#end) {
      throw new LifeboatError(
        'asset.vanished',
        `the server sent ${lsnText(start)} where ${lsnText(this.#end)} was due`,
      );
    }
    for (let at = 0; at < bytes.length;) {
      const cell = this.#openCell();
      const copied = bytes.copy(cell.bytes, cell.filled, at);
      cell.filled += copied;
      this.#end += BigInt(copied);
      this.#walker.push(bytes, at, at + copied);
      at += copied;
    }
  }

  /** Samples come in the order of time; one whose position has not been received yet waits in the newest cell. */
  sample(sample: ClockSample): void {
    const cell = this.#cells.at(-1);
    if (cell === undefined) return;
    // On an idle server only the clock moves.
    if (cell.samples.at(-1)?.position === sample.position) cell.samples.pop();
    cell.samples.push(sample);
  }

  /** The cell that holds the position, as far as it is filled. */
  rangeOfCell(position: bigint): { readonly range: LogRange; readonly isComplete: boolean } | undefined {
    const cell = this.#cellAt(position);
    if (cell === undefined) return undefined;
    const end = cell.start + BigInt(cell.filled);
    return {
      range: { timeline: this.timeline, start: cell.start, end },
      isComplete: cell.filled === this.cellBytes,
    };
  }

  /** A part of one cell; a view that stays right until the cell is dropped. */
  part({ start, end }: LogRange): { bytes: Buffer; marks: LogMarks } {
    const cell = this.#cellAt(start);
    assert(cell !== undefined && end <= cell.start + BigInt(cell.filled), 'what is stored was received');
    const bytes = cell.bytes.subarray(Number(start - cell.start), Number(end - cell.start));
    return { bytes, marks: marksOf(cell, start, end) };
  }

  /** Nobody needs what is before this position any more. `mayRead`: a store that was given up may still read of what is held now: none of it is used again. */
  dropBefore(position: bigint, mayRead = false): void {
    if (mayRead) for (const cell of this.#cells) cell.mayBeRead = true;
    for (let cell = this.#cells[0]; cell !== undefined; cell = this.#cells[0]) {
      if (cell.start + BigInt(this.cellBytes) > position) return;
      this.#cells.shift();
      // All of them: shared memory that is let go is still held until a thread's garbage collector comes by, and the next burst would take as much beside it.
      if (!cell.mayBeRead) this.#spare.push(cell.bytes);
    }
  }

  #openCell(): Cell {
    const last = this.#cells.at(-1);
    if (last !== undefined && last.filled < this.cellBytes) return last;
    // Shared memory: the thread that seals it reads it where it is.
    const bytes = this.#spare.pop() ?? Buffer.from(new SharedArrayBuffer(this.cellBytes));
    const cell: Cell = { start: this.#end, bytes, filled: 0, mayBeRead: false, events: [], samples: [] };
    // What was asked for before its place was received.
    for (const sample of last?.samples ?? []) if (sample.position > this.#end) cell.samples.push(sample);
    this.#cells.push(cell);
    return cell;
  }

  #cellAt(position: bigint): Cell | undefined {
    return this.#cells.find(({ start, filled }) => position >= start && position < start + BigInt(filled));
  }

  #note(event: LogEvent): void {
    if (event.kind === 'commit') this.#newestCommitMs = event.atMs;
    this.#cells.at(-1)?.events.push(event);
  }
}

/** The first event that ends behind the position. */
function firstBehind(events: readonly LogEvent[], position: bigint): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as LogEvent).end > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where commits wait, a cell is asked for thousands of small parts: one walk over the events of each, which lie in the order of the log. */
function marksOf(cell: Cell, start: bigint, end: bigint): LogMarks {
  const completeToMs = cell.samples.findLast(({ position }) => position <= end)?.atMs;
  const names: { name: string; at: bigint; atMs: number }[] = [];
  let [count, oldestMs, newestMs, newestEnd] = [0, Infinity, -Infinity, 0n];
  let [least, most] = [Infinity, -Infinity];
  const behind = firstBehind(cell.events, end);
  for (let index = firstBehind(cell.events, start); index < behind; index += 1) {
    const event = cell.events[index] as LogEvent;
    if (event.kind === 'name') {
      if (names.length < limits.logNamesPerPieceMax) names.push({ name: event.name, at: event.end, atMs: event.atMs });
      continue;
    }
    least = Math.min(least, event.transaction);
    most = Math.max(most, event.transaction);
    if (event.kind !== 'commit') continue;
    count += 1;
    oldestMs = Math.min(oldestMs, event.atMs);
    if (event.atMs >= newestMs) [newestMs, newestEnd] = [event.atMs, event.end];
  }
  const marks: { -readonly [key in keyof LogMarks]: LogMarks[key] } = { names };
  if (completeToMs !== undefined) marks.completeToMs = completeToMs;
  if (count > 0) marks.commits = { count, oldestMs, newestMs, newestEnd };
  if (most >= least) marks.transactions = [least, most];
  return marks;
}
