import { isLifeboatError, limits } from '../../core/index.ts';
import { pathIn } from '../format/entry-list.ts';
import { pieceStart, unread, type EarlierList } from './previous-list.ts';

/**
 * The entry list of a point that what comes is held against, in whatever order; read when the first file is looked for. As it cannot be walked through
 * beside what comes, it is held in memory, within a bound: what stands behind that is as if the point had no such file.
 */
export class AgainstList implements EarlierList {
  failure: string | undefined;
  readonly #read: () => AsyncIterable<string[]>;
  readonly #charactersMax: number;
  #lines: Promise<Map<string, string[]>> | undefined;

  /** `charactersMax`: of lines that are held. */
  constructor(read: () => AsyncIterable<string[]>, charactersMax: number = limits.againstListCharactersMax) {
    this.#read = read;
    this.#charactersMax = charactersMax;
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
    let characters = 0;
    try {
      for await (const some of this.#read())
        for (const line of some) {
          characters += line.length;
          if (characters > this.#charactersMax) {
            this.failure =
              'the entry list of the point before is too long to be held in memory: of files at its end that changed, more was stored than the changed pages';
            // Of a file that goes on here not all is held.
            if (line.startsWith(pieceStart) && last?.[0] !== undefined) found.delete(pathIn(last[0]) ?? '');
            return found;
          }
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
      this.failure = unread(error, 'of files that changed more was stored than the changed pages');
    }
    return found;
  }
}
