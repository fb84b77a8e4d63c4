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
  records(filter?: { run?: string; kinds?: readonly string[]; after?: number }): JournalRecord[];
  /**
   * Recomputes the chain. Throws `journal.damaged` naming the first record that is not as written. A journal that was replaced,
   * or cut together with the note of its own head, is found with a head `known` from elsewhere (a store, a report).
   */
  verify(known?: JournalHead): JournalHead;
  close(): void;
}

/** How many records a journal had at some moment, and the hash of the last; `'0' × 64` before the first. */
export interface JournalHead {
  readonly records: number;
  readonly head: string;
}

export interface JournalRecord {
  /** 1, 2, 3, … without gaps. */
  readonly sequence: number;
  readonly atMs: number;
  readonly kind: string;
  readonly run: string | undefined;
  readonly data: Record<string, unknown>;
  /** SHA-256 over the previous hash and this record's own fields, hex. */
  readonly hash: string;
}
