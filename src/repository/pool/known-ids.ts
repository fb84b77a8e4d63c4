import { limits } from '../../core/index.ts';
import { Runs } from '../table/runs.ts';
import { SortedRun } from '../table/sorted-run.ts';
import { findInTable, idsIn, idWords, makeTable, slotsOf, wordsOf } from './id-table.ts';
import { SharedIds, type SharedIdsPlace, type StoredKnown } from './shared-ids.ts';

type Table = Int32Array<SharedArrayBuffer>;

/** What is known from the start and stands on disk; its files are there as long as somebody holds `keep`. */
export interface KnownOnDisk extends StoredKnown {
  readonly keep: unknown;
}

/**
 * Ids that are in the store or on their way, shared by threads. Nothing is removed. When a table is three quarters full another follows, up to a size, and
 * when many are full what is in them goes to disk; a thread that has not heard of the next one yet may claim an id that another claims as well, which stores that
 * chunk twice and harms nothing.
 */
export class KnownIds {
  readonly #slotsMax: number;
  readonly #onDisk: KnownOnDisk | undefined;
  readonly #claimed = new Runs();
  readonly #own: SharedIds;
  #tables: readonly Table[];
  /** So many ids of the newest table are known from the start. */
  #knownFirst: number;

  /** With room for so many ids that are claimed first, as known from the start, beside those on disk. */
  constructor(first: number, onDisk?: KnownOnDisk, inMemory: number = limits.chunksInMemory) {
    this.#slotsMax = inMemory * 2;
    this.#onDisk = onDisk;
    this.#tables = [makeTable(first)];
    this.#knownFirst = first;
    this.#own = new SharedIds(this.place);
  }

  /** What another thread needs to share this set, as it is now, while this object is there. */
  get place(): SharedIdsPlace {
    const { place, present } = this.#onDisk ?? {};
    return {
      tables: this.#tables,
      claimed: this.#claimed.all.map((run) => run.place),
      stored: place && present && { place, present },
    };
  }

  /** How many ids the newest table may take, beyond those that it was made for, before it has to grow: in a full one nobody would find an end. */
  get room(): number {
    return (slotsOf(this.#newest()) * 3) / 4 - this.#knownFirst;
  }

  /** Of those that it was made for, one that nobody brings any more. What is on disk is not asked: that would take a second for all of them. */
  know(id: Uint8Array): void {
    findInTable(this.#newest(), wordsOf(id), true);
  }

  /** True for the one caller who brings the id. Throws `disk.io`. */
  claim(id: Uint8Array): boolean {
    return this.#own.claim(id);
  }

  /** Another table to claim in from now on. Returns those that nobody claims in any more as soon as every thread follows. */
  grow(): readonly unknown[] {
    const full = this.#tables;
    this.#tables = [...full, makeTable(Math.min(slotsOf(this.#newest()), this.#slotsMax / 2))];
    this.#knownFirst = 0;
    this.#own.follow(this.place);
    return full;
  }

  /**
   * Puts what is in these full tables on disk, if it is much. Then every thread is to follow once more, and what is returned is to be called when all do; without
   * anything returned all is as it was. Throws `disk.full`, `disk.io`.
   */
  store(full: readonly unknown[]): (() => void) | undefined {
    const tables = this.#tables.filter((table) => full.includes(table));
    if (tables.reduce((slots, table) => slots + slotsOf(table), 0) < this.#slotsMax) return undefined;
    const replaced: SortedRun[] = [];
    this.#claimed.add(SortedRun.of(idsIn(tables), idWords), (run) => replaced.push(run));
    this.#tables = this.#tables.filter((table) => !tables.includes(table));
    this.#own.follow(this.place);
    return () => replaced.forEach((run) => run.close());
  }

  #newest(): Table {
    return this.#tables[this.#tables.length - 1] as Table;
  }
}
