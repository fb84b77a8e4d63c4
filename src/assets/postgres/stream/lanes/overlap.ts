import { isLifeboatError } from '../../../../core/index.ts';
import type { LogRange, LogWriter, StoredRange } from '../../../log.ts';
import { OtherLife } from '../other-life.ts';
import type { LogWindow } from '../received/window.ts';

/**
 * What a store has of the stretch that the server sends once more when a stream begins. A server that was put back, and has grown past its log since, sends other
 * bytes there: nothing may be stored behind them, and nothing that is stored may give way to them.
 */
export class Overlap {
  readonly #log: Pick<LogWriter, 'read'>;
  readonly #store: string;
  readonly #window: LogWindow;
  /** Not compared yet, in the order of the log. */
  readonly #pieces: StoredRange[];

  /** `pieces`: sorted; those that end behind the beginning of the window. */
  constructor(
    { log, store }: { log: Pick<LogWriter, 'read'>; store: string },
    window: LogWindow,
    pieces: StoredRange[],
  ) {
    this.#log = log;
    this.#store = store;
    this.#window = window;
    this.#pieces = pieces;
  }

  /** Where what was not compared yet begins; `undefined`: nothing is left. */
  get from(): bigint | undefined {
    return this.#pieces[0]?.start;
  }

  /** Whether so much was received that something can be compared. */
  get isDue(): boolean {
    const [piece] = this.#pieces;
    return piece !== undefined && piece.end <= this.#window.end;
  }

  /** Compares what was received by now, and names whole cells that say the same. Throws `log.conflict`, and what reading throws of a store that is away. */
  async compare(isWhole: (cell: LogRange) => void): Promise<void> {
    while (this.isDue) {
      const piece = this.#pieces[0] as StoredRange;
      // Before the wait: the window may let go of it meanwhile, and what it let go of stays as it is.
      const sent = this.#sentOf(piece);
      const held = await this.#held(piece);
      if (held !== undefined) {
        for (const { range, bytes } of sent)
          this.#mustBeEqual(range, bytes, held.subarray(Number(range.start - piece.start)));
        if (piece.end - piece.start === BigInt(this.#window.cellBytes)) isWhole(piece);
      }
      this.#pieces.shift();
    }
  }

  /** What the window holds of a piece, cell by cell. */
  #sentOf({ timeline, start, end }: StoredRange): { range: LogRange; bytes: Buffer }[] {
    const parts: { range: LogRange; bytes: Buffer }[] = [];
    const { oldest } = this.#window;
    for (let at = start > oldest ? start : oldest; at < end;) {
      const cell = this.#window.rangeOfCell(at);
      if (cell === undefined) break;
      const range = { timeline, start: at, end: cell.range.end < end ? cell.range.end : end };
      parts.push({ range, bytes: this.#window.part(range).bytes });
      at = range.end;
    }
    return parts;
  }

  /** `undefined`: it is damaged, or gone since it was listed, and says nothing. */
  async #held(piece: StoredRange): Promise<Buffer | undefined> {
    try {
      return await this.#log.read(piece);
    } catch (error) {
      if (unreadable.some((code) => isLifeboatError(error, code))) return undefined;
      throw error;
    }
  }

  #mustBeEqual({ timeline, start }: LogRange, sent: Buffer, held: Buffer): void {
    if (held.subarray(0, sent.length).equals(sent)) return;
    const at = start + BigInt(sent.findIndex((byte, index) => byte !== held[index]));
    throw new OtherLife({ timeline, position: at }, this.#store);
  }
}

const unreadable = ['repository.damaged', 'repository.unreadable', 'repository.incomplete'] as const;
