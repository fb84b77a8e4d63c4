import type { LifeboatError, Progress } from '../core/index.ts';
import type { PointContents } from './entry.ts';

/**
 * Single tables out of a point: kinds of assets that have tables bring them back into a server or a file, out of a copy that was restored
 * apart from everything (the sandbox).
 */
export interface TableKeeping {
  /**
   * Looks at the target and, as far as it tells, at the point, before anything is restored; changes nothing. Throws what would stop the work
   * later: `asset.foreign`, `asset.tool_missing`, `asset.unsupported`, `restore.target_not_empty`, `restore.unknown_table`, `input.flag`.
   */
  look(request: TableRequest, point: PointContents, options: TableOptions): Promise<TableOutlook>;
  /**
   * Opens the sandbox, a restored copy at `path`, and compares it with the target, whose tables are only read until `apply`. Must be closed.
   * Throws as `look` does.
   */
  open(
    path: string,
    facts: Readonly<Record<string, unknown>>,
    request: TableRequest,
    options: TableOptions,
  ): Promise<TableChange>;
}

export interface TableRequest {
  /** `shop.orders`, `shop.order_*`, `audit.*`; a name alone is looked for in all schemas. */
  readonly tables: readonly string[];
  /** A file that does not exist (`.sql`: statements; else an archive for pg_restore), or the database of a server. */
  readonly target: { readonly file: string } | { readonly url: string };
  /** What happens to rows whose key the target has already, or where the tables go instead. */
  readonly existing: Existing;
  /** Of the point; the one that the plan's url names unless stated. */
  readonly database?: string;
  /** The system identifier that the target must have. */
  readonly server?: string;
}

export type Existing = 'fail' | 'skip' | 'replace' | { readonly schema: string };

export interface TableOptions {
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface TableOutlook {
  /** For people, without a password. */
  readonly target: string;
  /** The target's system identifier; undefined for a file. */
  readonly server: string | undefined;
  /** Whether that is the cluster that the point is of: production, as a rule. */
  readonly isSource: boolean;
  /** What was asked for and is known to be in the point only when it is restored: sentences for people. */
  readonly doubts: readonly string[];
}

/** What would be done, in exact figures, and the way to do it. */
export interface TableChange {
  readonly tables: readonly TableFigures[];
  readonly warnings: readonly string[];
  /** What `apply` would throw because of the rows that the target has: the figures are right all the same. */
  readonly refusal?: LifeboatError | undefined;
  /** Only of a change into a file. */
  readonly needs?: TableNeeds;
  /** How large a file would be, bytes: it is made whole, and not kept. Only of a change into a file. */
  readonly fileBytes?: () => Promise<number>;
  /**
   * Does all of it in one transaction, or nothing. What is replaced is written to `beforeImage` first, a file that does not exist yet; it is made
   * only if something is replaced. Throws `restore.target_not_empty`, `restore.check_failed`, and the server's refusals.
   */
  apply(beforeImage: string): Promise<TableResult>;
  /** Stops the sandbox. Never throws because it is closed twice. */
  close(): Promise<void>;
}

/** What a file names and does not hold, so that it must be there before the file is loaded. */
export interface TableNeeds {
  /** For people: `schema shop`, `type audit.mood`, `table shop.customers`. */
  readonly objects: readonly string[];
  /** Owners, and who was granted something. */
  readonly roles: readonly string[];
}

/** With what the comparison with the target found; a file is compared with nothing. */
export interface TableFigures extends Partial<ComparedRows> {
  /** As it is called in the point: `shop.orders`. */
  readonly table: string;
  /** As it is called in the target, or in the file. */
  readonly as: string;
  /** `create`: the target has no such table. `merge`: row by row, by its key. `dump`: into a file. */
  readonly action: 'create' | 'merge' | 'dump';
  /** Rows in the point, and the bytes that they take in the sandbox. */
  readonly rows: number;
  readonly bytes: number;
}

export interface ComparedRows {
  /** Rows that the target does not have. */
  readonly missing: number;
  /** Rows that the target has under the same key: with the same content, and with another. */
  readonly same: number;
  readonly changed: number;
  /** Rows that only the target has: they stay as they are. */
  readonly onlyInTarget: number;
}

/** Rows of a table that were put into the target, or written into a file. */
export type ChangedTable = { readonly as: string } & (
  | { readonly inserted: number; readonly replaced: number }
  | { readonly written: number }
);

export interface TableResult {
  readonly tables: readonly ChangedTable[];
  /** Of the file that was written. */
  readonly fileBytes?: number;
  /** Where the rows are that were replaced, as a script that puts them back; undefined: nothing was replaced. */
  readonly beforeImage: string | undefined;
  /** Sequences that were moved: `shop.orders_id_seq`, to a number. */
  readonly sequences: readonly { readonly name: string; readonly to: string }[];
  readonly warnings: readonly string[];
}
