import { comparePaths, isLifeboatError, limits } from '../../core/index.ts';
import type { Entry, StoredEntry } from '../../assets/index.ts';
import { decodeEntries, encodeEntry, lineStart, pathIn, type ListedEntry } from '../format/entry-list.ts';

/** What an earlier point says of the files that come. */
export interface EarlierList {
  /** What kept the list from being used to where it was needed, and what that costs: a sentence. */
  readonly failure: string | undefined;
  find(entry: Entry): Promise<string | undefined>;
  linesOf(path: string): Promise<string[] | undefined>;
}

/** The entry list of the point before, walked through in step with the capture: no memory but for a part of it. */
export class PreviousList implements EarlierList {
  failure: string | undefined;
  readonly #parts: AsyncIterator<string[]>;
  readonly #trustedBeforeNs: bigint;
  readonly #isStored: (id: Buffer) => boolean;
  #lines: string[] = [];
  #at = 0;
  #lastId = '';
  #lastStored = false;

  /** `lines`: part by part. `beganMs`: when that point's capture began, by the clock that stamps the files. */
  constructor(lines: AsyncIterable<string[]>, beganMs: number, isStored: (id: Buffer) => boolean) {
    this.#parts = lines[Symbol.asyncIterator]();
    this.#trustedBeforeNs = BigInt(Math.floor(beganMs) - limits.stampGranularityMs) * 1_000_000n;
    this.#isStored = isStored;
  }

  /**
   * The lines of the file for the new list, if its content cannot have changed since that point; undefined if it has to be read.
   * Entries are asked for in walking order.
   */
  async find(entry: Entry): Promise<string | undefined> {
    if (entry.stamp === undefined || entry.bytesExpected === undefined) return undefined;
    const start = lineStart(entry, entry.bytesExpected);
    for (;;) {
      const line = this.#lines[this.#at] ?? (await this.#nextLine());
      if (line === undefined) return undefined;
      if (line.startsWith(start)) return this.#takeOver(entry, line, start.length);
      const path = pathIn(line);
      if (path !== undefined && comparePaths(path, entry.path) >= 0) {
        return path === entry.path && this.#isOld(entry) ? this.#compare(entry, line) : undefined;
      }
      this.#at += 1;
    }
  }

  /** All lines of a file whose content may stand in part where it stood; undefined if that point has no such file. In walking order, too. */
  async linesOf(path: string): Promise<string[] | undefined> {
    for (;;) {
      const line = this.#lines[this.#at] ?? (await this.#nextLine());
      if (line === undefined) return undefined;
      const listed = pathIn(line);
      if (listed === path) return this.#allOf(line);
      if (listed !== undefined && comparePaths(listed, path) > 0) return undefined;
      this.#at += 1;
    }
  }

  async #nextLine(): Promise<string | undefined> {
    try {
      while (this.#at >= this.#lines.length) {
        const { value, done } = await this.#parts.next();
        this.#at = 0;
        this.#lines = done === true ? [] : value;
        if (done === true) return undefined;
      }
      return this.#lines[this.#at];
    } catch (error) {
      // The point before is a convenience: without it every file is read, and the new point says why.
      if (!isLifeboatError(error) || error.code === 'operation.cancelled') throw error;
      this.#lines = [];
      this.failure = unread(error, 'every file was read instead');
      return undefined;
    }
  }

  /** A line that says of the file what the capture says of it is good as it is, if its chunk is still there. */
  async #takeOver(entry: Entry, line: string, start: number): Promise<string | undefined> {
    if (!this.#isOld(entry)) return undefined;
    const place = singlePiece.exec(line.slice(start));
    if (place === null) return this.#compare(entry, line);
    this.#at += 1;
    const [, id] = place;
    return id === undefined || this.#stored(id) ? `${line}\n` : undefined;
  }

  /**
   * A file that was written so shortly before, or after, that capture began may have been written once more within the same tick of
   * the clock that stamps files, after it was read: it is read again, as git does with what it calls racily clean.
   */
  #isOld({ stamp }: Entry): boolean {
    return stamp !== undefined && stamp.changedNs < this.#trustedBeforeNs;
  }

  /** A file of many pieces, or one of which something else than the content may have changed. */
  async #compare(entry: Entry, line: string): Promise<string | undefined> {
    const lines = await this.#allOf(line);
    const before = await this.#decoded(lines);
    if (before === undefined || !isUnchanged(entry, before.entry)) return undefined;
    if (!before.pieces.every(({ id }) => this.#stored(id.toString('base64url')))) return undefined;
    const { sparse, bytes } = before.entry;
    return encodeEntry(sparse === true ? { ...entry, sparse } : entry, bytes, false, before.pieces);
  }

  /** The line that is the next, and those of its pieces alone that follow it. */
  async #allOf(line: string): Promise<string[]> {
    const lines = [line];
    this.#at += 1;
    for (let next = await this.#nextLine(); next?.startsWith(pieceStart) === true; next = await this.#nextLine()) {
      lines.push(next);
      this.#at += 1;
    }
    return lines;
  }

  async #decoded(lines: readonly string[]): Promise<ListedEntry | undefined> {
    const parts = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from(`${lines.join('\n')}\n`);
    };
    try {
      for await (const listed of decodeEntries(parts(), 'the point before')) return listed;
    } catch (error) {
      // As above.
      if (!isLifeboatError(error)) throw error;
      this.failure = unread(error, 'every file was read instead');
    }
    return undefined;
  }

  /** Whether the chunk is still in the store, in a pack that nobody distrusts. Neighbours share their chunk. */
  #stored(id: string): boolean {
    if (this.#lastId === id) return this.#lastStored;
    this.#lastStored = this.#isStored(Buffer.from(id, 'base64url'));
    this.#lastId = id;
    return this.#lastStored;
  }
}

/** How the line of a file ends that has one piece, or none, and was not torn. */
const singlePiece = /^(?:,"sparse":true)?,"pieces":\[(?:\[0,\d+,"([\w-]{43})"(?:,\d+)?\])?\]\}$/;
export const pieceStart = '{"pieces":';

const isUnchanged = (entry: Entry, before: StoredEntry): boolean =>
  before.type === 'file' &&
  before.torn !== true &&
  before.bytes === entry.bytesExpected &&
  before.modifiedNs === entry.modifiedNs &&
  before.stamp?.changedNs === entry.stamp?.changedNs &&
  before.stamp?.inode === entry.stamp?.inode &&
  before.stamp?.device === entry.stamp?.device;

export const unread = ({ message }: Error, instead: string): string =>
  `the entry list of the point before could not be read, and ${instead}: ${message}`;
