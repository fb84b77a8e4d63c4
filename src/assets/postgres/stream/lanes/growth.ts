import { limits } from '../../../../core/index.ts';
import type { GrowingLogPiece, LogMarks, LogPiece, LogRange, LogWriter, StoredRange } from '../../../log.ts';

/** The pieces of one store that grow while commits wait for them: one at a time, of one cell. */
export class Growth {
  readonly #log: LogWriter;
  /** Pieces that grew when their writers died. */
  #dead: readonly LogPiece[];
  #growing: GrowingLogPiece | undefined;
  #cannot = false;

  constructor(log: LogWriter, pieces: readonly LogPiece[]) {
    this.#log = log;
    this.#dead = pieces.filter(({ growing }) => growing !== undefined);
  }

  /** Makes pieces like any other of those that nobody lets grow any more, and names them, once. Throws what the log throws. */
  async settle(): Promise<LogRange[]> {
    const dead = this.#dead;
    if (dead.length > 0) await this.#log.settle(dead);
    this.#dead = [];
    return dead.map(({ timeline, start, end }) => ({ timeline, start, end }));
  }

  /**
   * Stores as much of the range as is added at once, durably; what is stored now of the growing piece. `undefined`: nothing grows
   * in this store. The range is of one cell; `close` when that is whole. After a failure the next call begins another piece.
   */
  async add(
    range: LogRange,
    part: (range: LogRange) => { bytes: Uint8Array; marks: LogMarks },
  ): Promise<StoredRange | undefined> {
    if (this.#cannot) return undefined;
    const end = range.start + BigInt(limits.logFrameBytesMax);
    const frame = end < range.end ? { ...range, end } : range;
    const { bytes, marks } = part(frame);
    const growing = this.#growingFor(frame);
    if (growing !== undefined) {
      try {
        await growing.add(bytes, marks);
        return growing.piece;
      } catch (error) {
        await this.close();
        throw error;
      }
    }
    await this.close();
    this.#growing = await this.#log.grow(frame, bytes, marks);
    this.#cannot = this.#growing === undefined;
    return this.#growing?.piece;
  }

  /**
   * As `add`, in this thread, which waits for the disk. `undefined`: nothing of the range is stored, and `add` is asked, which says what is wrong
   * if something is.
   */
  addNow(range: LogRange, part: (range: LogRange) => { bytes: Uint8Array; marks: LogMarks }): StoredRange | undefined {
    if (range.end - range.start > BigInt(limits.logFrameBytesMax)) return undefined;
    const growing = this.#growingFor(range);
    if (growing === undefined) return undefined;
    const { bytes, marks } = part(range);
    try {
      return growing.addNow(bytes, marks) ? growing.piece : undefined;
    } catch {
      void this.close(); // throws nothing; the next addition begins another piece, and meets what is wrong
      return undefined;
    }
  }

  /** Nothing more comes: what grew becomes a piece like any other. */
  async end(): Promise<void> {
    const piece = this.#growing?.piece;
    await this.close();
    if (piece === undefined) return;
    // All of it is durable as it is, and read like this; the next stream tries again.
    await this.#log.settle([piece]).catch(() => {});
  }

  /** The piece that takes the range, right behind what is there. */
  #growingFor({ timeline, start, end }: LogRange): GrowingLogPiece | undefined {
    const growing = this.#growing;
    const isNext = growing?.piece.end === start && growing.piece.timeline === timeline;
    return isNext && growing.takes(Number(end - start)) ? growing : undefined;
  }

  async close(): Promise<void> {
    const growing = this.#growing;
    this.#growing = undefined;
    await growing?.close();
  }
}
