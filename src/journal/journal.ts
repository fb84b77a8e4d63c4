import type { JournalRow } from './chain.ts';

/**
 * The only truth about runs and what was done: records that are only ever added, each holding the hash of the one before.
 * One journal a state folder; several processes may append at once.
 */
export interface Journal {
  /**
   * Adds a record and returns it when it is durable. `data` is plain JSON and is redacted before it is written.
   * Throws `journal.busy`, `disk.full`, `disk.denied`, `disk.io`.
   */
  append(kind: string, data: Record<string, unknown>, of?: { run?: string }): JournalRecord;
  /** In order; all of them, or those of a run, or of some kinds (`backup.finished`, or `backup.*`). */
  records(filter?: RecordFilter): JournalRecord[];
  /** The number of our own newest record; 0 before the first. */
  last(): number;
  /** Our own records behind this number as they are stored, at most so many. */
  rows(after: number, most: number): JournalRow[];
  /** Keeps records of another chain, whose hashes were checked, beside our own; those that are known already are passed over. Returns how many were new. */
  remember(chain: string, rows: readonly JournalRow[]): number;
  /**
   * Recomputes the chain. Throws `journal.damaged` naming the first record that is not as written. A journal that was replaced,
   * or cut together with the note of its own head, is found with a head `known` from elsewhere (a store, a report).
   */
  verify(known?: JournalHead): JournalHead;
  close(): void;
}

export interface RecordFilter {
  readonly run?: string;
  readonly kinds?: readonly string[];
  /** Only our own records behind this number. */
  readonly after?: number;
  /** Without those of other machines, or of this one before its state was lost, that were brought back from the stores. */
  readonly own?: boolean;
  /** Only those of other machines. */
  readonly others?: boolean;
  /** Only our own records before this number. */
  readonly before?: number;
  /** With `after`: at most so many, the first ones; with `before` the last ones. */
  readonly most?: number;
}

/** How many records a journal had at some moment, and the hash of the last; `'0' × 64` before the first. */
export interface JournalHead {
  readonly records: number;
  readonly head: string;
}

export interface JournalRecord {
  /** 1, 2, 3, … without gaps; below zero for one that was brought back from a store. */
  readonly sequence: number;
  readonly atMs: number;
  readonly kind: string;
  readonly run: string | undefined;
  readonly data: Record<string, unknown>;
  /** SHA-256 over the previous hash and this record's own fields, hex. */
  readonly hash: string;
}
