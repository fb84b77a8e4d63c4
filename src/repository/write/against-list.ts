import { isLifeboatError } from '../../core/index.ts';
import { pathIn } from '../format/entry-list.ts';
import { pieceStart, type EarlierList } from './previous-list.ts';

/** The entry list of a point that what comes is held against, in whatever order; read when the first file is looked for. */
export class AgainstList implements EarlierList {
  failure: string | undefined;
  readonly #read: () => AsyncIterable<string[]>;
  #lines: Promise<Map<string, string[]>> | undefined;

  constructor(read: () => AsyncIterable<string[]>) {
    this.#read = read;
  }

  /** Nothing is believed of times and sizes. */
  async find(): Promise<undefined> {
    return undefined;
  }

  /** All lines of a file, once: what was asked for is no longer kept. */
  async linesOf(path: string): Promise<string[] | undefined> {
    this.#lines ??= this.#all();
    const lines = await this.#lines;
    const found = lines.get(path);
    lines.delete(path);
    return found;
  }

  async #all(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    let last: string[] | undefined;
    try {
      for await (const some of this.#read())
        for (const line of some) {
          if (line.startsWith(pieceStart)) last?.push(line);
          else {
            const path = pathIn(line);
            last = path === undefined ? undefined : [line];
            if (path !== undefined && last !== undefined) found.set(path, last);
          }
        }
    } catch (error) {
      // The point is a convenience here: without it everything that the store does not have is stored whole.
      if (!isLifeboatError(error) || error.code === 'operation.cancelled') throw error;
      this.failure = error.message;
    }
    return found;
  }
}
