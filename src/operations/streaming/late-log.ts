import type {
  GrowingLogPiece,
  LogClock,
  LogEnding,
  LogListing,
  LogMarks,
  LogPiece,
  LogRange,
  LogWriter,
  StoredRange,
} from '../../assets/index.ts';
import { LifeboatError } from '../../core/index.ts';

interface Options {
  signal?: AbortSignal;
}

interface AppendOptions extends Options {
  isPassing?: boolean;
}

/** A log in a store that was away when it should have been opened: it is opened when it is first used, and again until that succeeds. */
export class LateLog implements LogWriter {
  readonly #open: () => Promise<LogWriter>;
  #opened: LogWriter | undefined;
  #opening: Promise<LogWriter> | undefined;

  constructor(open: () => Promise<LogWriter>) {
    this.#open = open;
  }

  /** Throws `store.unreachable` as long as nobody could ask the store. */
  get id(): string {
    if (this.#opened !== undefined) return this.#opened.id;
    throw new LifeboatError('store.unreachable', 'the store has not been opened yet');
  }

  list = async (options?: Options): Promise<LogListing> => (await this.#log()).list(options);

  read = async (piece: StoredRange, options?: Options): Promise<Buffer> => (await this.#log()).read(piece, options);

  marks = async (piece: StoredRange, options?: Options): Promise<LogMarks> => (await this.#log()).marks(piece, options);

  history = async (timeline: number): Promise<string> => (await this.#log()).history(timeline);

  clock = async (clock: LogClock): Promise<void> => (await this.#log()).clock(clock);

  ending = async (ending: LogEnding): Promise<void> => (await this.#log()).ending(ending);

  append = async (range: LogRange, bytes: Uint8Array, marks: LogMarks, options?: AppendOptions): Promise<void> =>
    (await this.#log()).append(range, bytes, marks, options);

  grow = async (range: LogRange, bytes: Uint8Array, marks: LogMarks): Promise<GrowingLogPiece | undefined> =>
    (await this.#log()).grow(range, bytes, marks);

  settle = async (pieces: readonly LogPiece[]): Promise<void> => (await this.#log()).settle(pieces);

  appendHistory = async (timeline: number, text: string): Promise<void> =>
    (await this.#log()).appendHistory(timeline, text);

  appendClock = async (clock: LogClock, earlier: readonly LogClock[]): Promise<void> =>
    (await this.#log()).appendClock(clock, earlier);

  appendEnding = async (ending: LogEnding): Promise<void> => (await this.#log()).appendEnding(ending);

  removeEndings = async (endings: readonly LogEnding[]): Promise<void> => (await this.#log()).removeEndings(endings);

  compact = async (...words: Parameters<LogWriter['compact']>): Promise<void> => (await this.#log()).compact(...words);

  remove = async (pieces: readonly StoredRange[]): Promise<void> => (await this.#log()).remove(pieces);

  async #log(): Promise<LogWriter> {
    this.#opening ??= this.#open();
    try {
      return (this.#opened = await this.#opening);
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
