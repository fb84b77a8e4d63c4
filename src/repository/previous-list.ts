import { comparePaths, isLifeboatError, limits } from '../core/index.ts';
import type { Entry } from '../assets/index.ts';
import type { ListedEntry } from './entry-list.ts';
import type { Piece } from './pieces.ts';

/** The entry list of the point before, walked through in step with the capture: no memory but for one entry. */
export class PreviousList {
  /** What kept the list from being read to where it was needed. */
  failure: string | undefined;
  readonly #listed: AsyncIterator<ListedEntry>;
  readonly #trustedBeforeNs: bigint;
  readonly #isStored: (id: Buffer) => boolean;
  #next: ListedEntry | undefined;
  #begun = false;
  #lastId: Buffer | undefined;
  #lastStored = false;

  /** `atMs`: when that point's capture began, by the clock that stamps the files. */
  constructor(listed: AsyncIterable<ListedEntry>, atMs: number, isStored: (id: Buffer) => boolean) {
    this.#listed = listed[Symbol.asyncIterator]();
    this.#trustedBeforeNs = BigInt(Math.floor(atMs) - limits.stampGranularityMs) * 1_000_000n;
    this.#isStored = isStored;
  }

  /** The file as that point holds it, if its content cannot have changed since; entries are asked for in walking order. */
  async find(entry: Entry): Promise<ListedEntry | undefined> {
    if (!this.#begun) await this.#advance();
    this.#begun = true;
    while (this.#next !== undefined && comparePaths(this.#next.entry.path, entry.path) < 0) await this.#advance();
    if (this.#next === undefined || this.#next.entry.path !== entry.path) return undefined;
    const { entry: before, pieces } = this.#next;
    if (!this.#unchanged(entry, before) || !pieces.every((piece) => this.#stored(piece))) return undefined;
    return this.#next;
  }

  async close(): Promise<void> {
    await this.#listed.return?.();
  }

  async #advance(): Promise<void> {
    try {
      const { value, done } = await this.#listed.next();
      this.#next = done === true ? undefined : value;
    } catch (error) {
      // The point before is a convenience: without it every file is read, and the new point says why.
      if (!isLifeboatError(error) || error.code === 'operation.cancelled') throw error;
      this.#next = undefined;
      this.failure = error.message;
    }
  }

  /**
   * A file that was written so shortly before, or after, that capture began may have been written once more within the same tick of
   * the clock that stamps files, after it was read: it is read again, as git does with what it calls racily clean.
   */
  #unchanged(entry: Entry, before: ListedEntry['entry']): boolean {
    const [now, then] = [entry.stamp, before.stamp];
    return (
      now !== undefined &&
      then !== undefined &&
      before.type === 'file' &&
      before.torn !== true &&
      before.bytes === entry.bytesExpected &&
      before.modifiedNs === entry.modifiedNs &&
      then.changedNs === now.changedNs &&
      then.inode === now.inode &&
      then.device === now.device &&
      now.changedNs < this.#trustedBeforeNs
    );
  }

  /** Every chunk is still in the store, in a pack that nobody distrusts. Neighbours share their chunk. */
  #stored({ id }: Piece): boolean {
    if (this.#lastId?.equals(id) !== true) {
      this.#lastStored = this.#isStored(id);
      this.#lastId = id;
    }
    return this.#lastStored;
  }
}
